import test from 'ava';
import { makeFilter } from '#server/metrics/filter.ts';

interface Case {
  readonly rules: readonly string[];
  readonly initial: boolean;
  readonly name: string;
  readonly kept: boolean;
}

const cases: readonly Case[] = [
  { rules: [], initial: true, name: 'vault.core.unsealed', kept: true },
  { rules: [], initial: false, name: 'vault.core.unsealed', kept: false },
  { rules: ['-vault.core'], initial: true, name: 'vault.core.unsealed', kept: false },
  { rules: ['+vault.core'], initial: false, name: 'vault.core.unsealed', kept: true },
  { rules: ['-vault', '+vault.core'], initial: true, name: 'vault.core.unsealed', kept: true },
  { rules: ['+vault.core', '-vault'], initial: true, name: 'vault.raft.apply', kept: false },
];

for (const { rules, initial, name, kept } of cases) {
  test(`${name} under ${rules.join(' ') || 'no rule'}, otherwise ${initial}: ${kept}`, (t) => {
    t.is(makeFilter(rules, initial)(name), kept);
  });
}
