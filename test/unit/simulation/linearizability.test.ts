import test from 'ava';
import { dice } from '#test/simulation/dice.ts';
import { byFolder, keysModel, type RecordedOperation } from '#test/simulation/keys-model.ts';
import { checkLinearizable } from '#test/simulation/linearizability.ts';

type Verdict = 'linearizable' | 'violation' | 'unknown';

/** One line per operation: client, start, end (`-` for none), what it did, with how it ended behind `!`. */
const LINE = /^(\w+) (\d+) (\d+|-) (read|write|delete|cas|list) (\S+) (\S+)(?: (\S+))?$/;

function parsed(line: string): RecordedOperation {
  const found = LINE.exec(line);
  if (found === null) throw new Error(`not an operation: ${line}`);
  const [, client = '', start, end = '', op, key = '', first = '', second] = found;
  const [text = '', outcome = end === '-' ? 'unknown' : 'ok'] = first.split('!');
  return {
    client,
    key,
    op: op as RecordedOperation['op'],
    start: Number(start),
    end: end === '-' ? null : Number(end),
    outcome: outcome as RecordedOperation['outcome'],
    ...valuesOf(op, text === 'nil' ? null : text, second),
  };
}

function valuesOf(
  op: string | undefined,
  value: string | null,
  second: string | undefined,
): Pick<RecordedOperation, 'value' | 'expected'> {
  if (op === 'cas') return { expected: value, value: second ?? null };
  return { value: op === 'list' ? (value?.split(',') ?? []) : value };
}

function verdictOf(operations: readonly RecordedOperation[], maxSteps?: number): Verdict {
  const found = [...byFolder(operations).values()].map(
    (folder) => checkLinearizable(keysModel, folder, maxSteps).type,
  );
  return found.find((type) => type !== 'linearizable') ?? 'linearizable';
}

const HISTORIES: readonly (readonly [string, Verdict, readonly string[]])[] = [
  ['an empty history', 'linearizable', []],
  ['a read of nothing', 'linearizable', ['a 0 1 read x nil']],
  ['a read of a value that nobody wrote', 'violation', ['a 0 1 read x 1']],
  ['a read after a write', 'linearizable', ['a 0 1 write x 1', 'b 2 3 read x 1']],
  ['a stale read', 'violation', ['a 0 1 write x 1', 'b 2 3 read x nil']],
  ['a read beside a write sees it', 'linearizable', ['a 0 9 write x 1', 'b 1 2 read x 1']],
  [
    'a read beside a write does not see it',
    'linearizable',
    ['a 0 9 write x 1', 'b 1 2 read x nil'],
  ],
  ['operations that touch overlap', 'linearizable', ['a 0 2 write x 1', 'b 2 3 read x nil']],
  [
    'a value that was seen does not go away again',
    'violation',
    ['a 0 9 write x 1', 'b 1 2 read x 1', 'b 3 4 read x nil'],
  ],
  [
    'two readers agree on the order of two writers',
    'violation',
    [
      'a 0 9 write x 1',
      'b 0 9 write x 2',
      'c 1 2 read x 1',
      'c 3 4 read x 2',
      'd 1 2 read x 2',
      'd 3 4 read x 1',
    ],
  ],
  [
    'an old value comes back',
    'violation',
    ['a 0 1 write x 1', 'a 2 3 write x 2', 'b 4 5 read x 2', 'b 6 7 read x 1'],
  ],
  ['an unknown write is seen', 'linearizable', ['a 0 - write x 1', 'b 5 6 read x 1']],
  ['an unknown write is never seen', 'linearizable', ['a 0 - write x 1', 'b 5 6 read x nil']],
  [
    'an unknown write is seen late',
    'linearizable',
    ['a 0 - write x 1', 'b 5 6 read x nil', 'b 7 8 read x 1'],
  ],
  [
    'an unknown write happens at most once',
    'violation',
    ['a 0 - write x 1', 'b 1 2 read x 1', 'b 3 4 write x 2', 'b 5 6 read x 2', 'b 7 8 read x 1'],
  ],
  ['an unknown write is not seen before it', 'violation', ['b 1 2 read x 1', 'a 3 - write x 1']],
  ['a refused write is not seen', 'violation', ['a 0 1 write x 1!failed', 'b 2 3 read x 1']],
  ['an unknown read says nothing', 'linearizable', ['a 0 - read x 7']],
  ['a cas that fits', 'linearizable', ['a 0 1 write x 1', 'b 2 3 cas x 1 2', 'a 4 5 read x 2']],
  ['a cas that could not fit', 'violation', ['a 0 1 write x 1', 'b 2 3 cas x 3 2']],
  ['a cas that refuses rightly', 'linearizable', ['a 0 1 write x 1', 'b 2 3 cas x 3!mismatch 2']],
  ['a cas that refuses wrongly', 'violation', ['a 0 1 write x 1', 'b 2 3 cas x 1!mismatch 2']],
  [
    'two cas from the same value cannot both fit',
    'violation',
    ['a 0 1 write x 1', 'b 2 9 cas x 1 2', 'c 2 9 cas x 1 3'],
  ],
  [
    'one of two cas from the same value fits',
    'linearizable',
    ['a 0 1 write x 1', 'b 2 9 cas x 1 2', 'c 2 9 cas x 1!mismatch 3'],
  ],
  [
    'an unknown cas may have fitted',
    'linearizable',
    ['a 0 1 write x 1', 'b 2 - cas x 1 2', 'a 4 5 read x 2'],
  ],
  [
    'an unknown cas may not have fitted',
    'linearizable',
    ['a 0 1 write x 1', 'b 2 - cas x 1 2', 'a 4 5 read x 1'],
  ],
  [
    'an unknown cas that could not fit is not seen',
    'violation',
    ['a 0 1 write x 1', 'b 2 - cas x 3 2', 'a 4 5 read x 2'],
  ],
  ['a delete', 'linearizable', ['a 0 1 write x 1', 'a 2 3 delete x nil', 'b 4 5 read x nil']],
  [
    'a deleted key comes back',
    'violation',
    ['a 0 1 write x 1', 'a 2 3 delete x nil', 'b 4 5 read x 1'],
  ],
  [
    'keys of different folders do not wait for each other',
    'linearizable',
    ['a 0 9 write x 1', 'b 0 9 write y 1', 'c 1 2 read x 1', 'c 3 4 read y nil'],
  ],
  [
    'a list names what is there',
    'linearizable',
    ['a 0 1 write f/x 1', 'a 2 3 write f/y 1', 'b 4 5 list f/ x,y'],
  ],
  [
    'a list that misses a key',
    'violation',
    ['a 0 1 write f/x 1', 'a 2 3 write f/y 1', 'b 4 5 list f/ x'],
  ],
  [
    'a list that still names a deleted key',
    'violation',
    ['a 0 1 write f/x 1', 'a 2 3 delete f/x nil', 'b 4 5 list f/ x'],
  ],
  [
    'a list and reads agree on one order',
    'violation',
    ['a 0 9 write f/x 1', 'b 0 9 write f/y 1', 'c 1 2 list f/ x', 'd 3 4 read f/x nil'],
  ],
];

for (const [name, expected, lines] of HISTORIES) {
  test(`a history is judged: ${name}`, (t) => {
    t.is(verdictOf(lines.map(parsed)), expected);
  });
}

test('a search that takes too long says so', (t) => {
  const writes = Array.from({ length: 12 }, (_, at) => parsed(`c${at} 0 9 write x ${at}`));
  const impossible = [...writes, parsed('r 10 11 read x 99')];
  t.is(verdictOf(impossible, 1000), 'unknown');
  t.is(verdictOf(impossible), 'violation');
});

/** Operations that happen at a moment between their start and end on one real map. */
function generated(seed: number, length: number): RecordedOperation[] {
  const chance = dice(seed);
  const keys = ['f/x', 'f/y', 'g'];
  const planned = Array.from({ length }, (_, at) => {
    const start = chance.below(length * 4);
    const moment = start + chance.below(30);
    return { at, start, moment, end: moment + chance.below(30), key: chance.pick(keys) };
  }).toSorted((a, b) => a.moment - b.moment);
  const values = new Map<string, string>();
  return planned.map(({ at, start, end, key }): RecordedOperation => {
    const base = { client: at, key, start, end, outcome: 'ok' as const };
    const held = values.get(key) ?? null;
    const isLost = chance.chance(0.1);
    const unknown = { end: null, outcome: 'unknown' as const };
    switch (chance.below(6)) {
      case 0:
      case 1:
        return { ...base, op: 'read', value: held };
      case 2:
        if (!isLost || chance.chance(0.5)) values.set(key, String(at));
        return { ...base, op: 'write', value: String(at), ...(isLost ? unknown : {}) };
      case 3:
        values.delete(key);
        return { ...base, op: 'delete' };
      case 4: {
        const expected = chance.chance(0.7) ? held : 'other';
        if (expected === held) values.set(key, String(at));
        const outcome = expected === held ? 'ok' : 'mismatch';
        return { ...base, op: 'cas', expected, value: String(at), outcome };
      }
      default: {
        const names = ['x', 'y'].filter((name) => values.has(`f/${name}`));
        return { ...base, key: 'f/', op: 'list', value: names };
      }
    }
  });
}

test('histories that happened one at a time are linearizable', (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    t.is(verdictOf(generated(seed, 120)), 'linearizable', `seed ${seed}`);
  }
});

test('a read of what a later, not overlapping write wrote is found in any history', (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const history = generated(seed, 50);
    const write = history.findLast(({ op, outcome }) => op === 'write' && outcome === 'ok');
    if (write === undefined) continue;
    const early: RecordedOperation = {
      ...write,
      op: 'read',
      start: write.start - 2,
      end: write.start - 1,
    };
    t.is(verdictOf([...history, early]), 'violation', `seed ${seed}`);
  }
});

test('a lost write is found in any history', (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    const history = generated(seed, 80).filter(({ op, key }) => op !== 'list' || key !== 'f/');
    const end = Math.max(...history.map(({ start, end: last }) => Math.max(start, last ?? 0)));
    const lost: RecordedOperation[] = [
      {
        client: 'w',
        key: 'g',
        op: 'write',
        value: 'w',
        start: end + 1,
        end: end + 2,
        outcome: 'ok',
      },
      {
        client: 'r',
        key: 'g',
        op: 'read',
        value: 'before',
        start: end + 3,
        end: end + 4,
        outcome: 'ok',
      },
    ];
    t.is(verdictOf([...history, ...lost]), 'violation', `seed ${seed}`);
  }
});

/** All orders that time allows, tried one by one: slow and plainly right. */
function bruteForce(operations: readonly RecordedOperation[]): boolean {
  return [...byFolder(operations).values()].every((folder) => {
    const visit = (
      left: readonly (typeof folder)[number][],
      state: typeof keysModel.initial,
    ): boolean => {
      if (left.every(({ end }) => end === undefined)) return true;
      const bound = Math.min(...left.map(({ end }) => end ?? Infinity));
      return left.some((one) => {
        if (one.start > bound) return false;
        const next = keysModel.step(state, one.call);
        return (
          next !== undefined &&
          visit(
            left.filter((other) => other !== one),
            next,
          )
        );
      });
    };
    return visit(folder, keysModel.initial);
  });
}

test('short random histories are judged as by trying every order', (t) => {
  const seen = { linearizable: 0, violation: 0, unknown: 0 };
  for (let seed = 1; seed <= 1500; seed++) {
    const chance = dice(seed).fork('mutation');
    const history = generated(seed, 8).map((one) =>
      one.op === 'read' && chance.chance(0.3) ? { ...one, value: String(chance.below(8)) } : one,
    );
    const verdict = verdictOf(history);
    seen[verdict] += 1;
    t.is(verdict === 'linearizable', bruteForce(history), `seed ${seed}`);
  }
  t.true(seen.linearizable > 300 && seen.violation > 300 && seen.unknown === 0);
});
