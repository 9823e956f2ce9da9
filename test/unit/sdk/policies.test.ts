// Names of policies in one form, and lists of them that grant the same.
import test from 'ava';
import { arePoliciesEquivalent, sanitizePolicies } from '#sdk/policies.ts';

const SANITIZED: readonly (readonly [readonly string[], readonly string[]])[] = [
  [[], []],
  [
    ['b', 'a', 'b'],
    ['a', 'b'],
  ],
  [[' Upper ', '', ' '], ['upper']],
  [['a', 'root', 'b'], ['root']],
  [['a', ' ROOT\t'], ['root']],
];
for (const [sent, expected] of SANITIZED) {
  test(`${JSON.stringify(sent)} is ${JSON.stringify(expected)}`, (t) => {
    t.deepEqual(sanitizePolicies(sent), expected);
  });
}

const EQUIVALENT: readonly (readonly [readonly string[], readonly string[], boolean])[] = [
  [[], [], true],
  [[], ['default'], true],
  [['a', 'b'], ['b', 'default', 'a'], true],
  [['A', 'a'], ['a'], true],
  [['a'], ['b'], false],
  [['a'], [], false],
  [['a'], ['a', 'b'], false],
];
for (const [one, other, expected] of EQUIVALENT) {
  test(`${JSON.stringify(one)} ${expected ? 'grants' : 'does not grant'} what ${JSON.stringify(other)} does`, (t) => {
    t.is(arePoliciesEquivalent(one, other), expected);
    t.is(arePoliciesEquivalent(other, one), expected);
  });
}
