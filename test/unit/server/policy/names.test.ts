// Names of policies: the one form in which they are compared, and the names that no policy may have.
import test from 'ava';
import {
  IMMUTABLE_POLICIES,
  isPolicyName,
  NON_ASSIGNABLE_POLICIES,
  policyName,
} from '#server/policy/names.ts';

for (const raw of ['root', ' root', 'ROOT ', '\tRoot\n', '\u00A0rOOt']) {
  test(`policyName() knows root in ${JSON.stringify(raw)}`, (t) => {
    t.is(policyName(raw), 'root');
  });
}

const NAMES: readonly (readonly [string, boolean])[] = [
  ['app', true],
  ['team/app', true],
  ['a.b', true],
  ['...', true],
  ['', false],
  ['App', false],
  [' app', false],
  ['.', false],
  ['a/..', false],
  ['./a', false],
  ['a//b', false],
  ['/a', false],
  ['a/', false],
];

for (const [name, expected] of NAMES) {
  test(`${JSON.stringify(name)} is ${expected ? 'a' : 'no'} name for a policy`, (t) => {
    t.is(isPolicyName(name), expected);
  });
}

test('what may not be assigned may not be changed either', (t) => {
  t.true(NON_ASSIGNABLE_POLICIES.every((name) => IMMUTABLE_POLICIES.includes(name)));
});
