import test from 'ava';
import { History, type TokenUse } from './history.ts';
import { verify } from './verify.ts';

const use = (kind: TokenUse['kind'], result: TokenUse['result'], start: number): TokenUse => ({
  token: 1,
  kind,
  node: 0,
  start,
  end: start + 1,
  result,
});

interface Case {
  readonly title: string;
  readonly uses: readonly TokenUse[];
  readonly problems: number;
}

const cases: readonly Case[] = [
  {
    title: 'a token that is let in, ended and refused',
    uses: [
      use('create', 'ok', 0),
      use('use', 'ok', 2),
      use('revoke', 'ok', 4),
      use('use', 'failed', 6),
    ],
    problems: 0,
  },
  {
    title: 'a token that is let in after its end was confirmed',
    uses: [use('create', 'ok', 0), use('revoke', 'ok', 2), use('use', 'ok', 4)],
    problems: 1,
  },
  {
    title: 'a token that is refused before its end was asked for',
    uses: [use('create', 'ok', 0), use('use', 'failed', 2), use('revoke', 'ok', 4)],
    problems: 1,
  },
  {
    title: 'a token whose end nobody confirmed',
    uses: [
      use('create', 'ok', 0),
      use('revoke', 'unknown', 2),
      use('use', 'ok', 4),
      use('use', 'failed', 6),
    ],
    problems: 0,
  },
  {
    title: 'a token whose end is under way',
    uses: [
      use('create', 'ok', 0),
      { ...use('revoke', 'ok', 2), end: 9 },
      use('use', 'ok', 4),
      use('use', 'failed', 6),
    ],
    problems: 0,
  },
];

for (const { title, uses, problems } of cases) {
  test(title, (t) => {
    const history = new History();
    history.tokens.push(...uses);
    t.is(verify(history).length, problems);
  });
}

test('a value that is read after it was overwritten is a problem', (t) => {
  const history = new History();
  const at = { client: 1, key: 'a', outcome: 'ok' } as const;
  history.operations.push(
    { ...at, op: 'write', value: '1', start: 0, end: 1 },
    { ...at, op: 'write', value: '2', start: 2, end: 3 },
    { ...at, op: 'read', value: '1', start: 4, end: 5 },
  );
  t.is(verify(history).length, 1);
});
