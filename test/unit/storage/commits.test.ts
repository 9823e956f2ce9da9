import test from 'ava';
import type { Directory } from '#storage/directory.ts';
import {
  ConflictError,
  DamagedError,
  NEVER,
  StorageError,
  type Index,
  type Physical,
} from '#storage/physical.ts';
import { batch } from '#test/conformance/storage.ts';
import { ControlledMedium, openControlled, settle } from '#test/helpers/medium.ts';

interface Opened {
  readonly medium: ControlledMedium;
  readonly store: Physical;
}

function open(): Opened {
  const medium = new ControlledMedium();
  return { medium, store: openControlled(medium) };
}

/** Commits and lets the medium finish. */
async function commit({ medium, store }: Opened, writes: Record<string, string>): Promise<void> {
  const committed = store.commit(batch({ writes }));
  await settle();
  medium.finish();
  await committed;
}

const text = (store: Physical, key: string): string | undefined => {
  const value = store.get(key);
  return value === undefined ? undefined : Buffer.from(value).toString();
};

test('what arrives together is written together, what arrives meanwhile comes next', async (t) => {
  const { medium, store } = open();
  const first = ['a', 'b', 'c'].map((key) => store.commit(batch({ writes: { [key]: '1' } })));
  await settle();
  t.deepEqual(medium.writes, [3]);
  const second = ['d', 'e'].map((key) => store.commit(batch({ writes: { [key]: '1' } })));
  await settle();
  t.deepEqual(medium.writes, [3], 'one write at a time');
  medium.finish();
  await Promise.all(first);
  await settle();
  t.deepEqual(medium.writes, [3, 2]);
  medium.finish();
  t.deepEqual(await Promise.all([...first, ...second]), [1, 2, 3, 4, 5] as Index[]);
});

test('nothing is visible before it is durable, even if the medium shows it', async (t) => {
  const opened = open();
  const { medium, store } = opened;
  await commit(opened, { 'a/b': 'old', 'a/c': 'old' });
  const seen = store.listIndexOf('a/');
  const committed = store.commit(
    batch({ writes: { 'a/b': 'new', 'a/c': undefined, 'a/d': 'new' } }),
  );
  await settle();
  medium.showEarly();
  t.deepEqual(
    [text(store, 'a/b'), text(store, 'a/c'), text(store, 'a/d')],
    ['old', 'old', undefined],
  );
  t.deepEqual(store.list('a/'), ['b', 'c']);
  t.is(store.listIndexOf('a/'), seen);
  t.is(store.index, 1 as Index);
  medium.finish();
  await committed;
  t.deepEqual(
    [text(store, 'a/b'), text(store, 'a/c'), text(store, 'a/d')],
    ['new', undefined, 'new'],
  );
});

test('a batch that collides with one that waits is refused when that is visible', async (t) => {
  const { medium, store } = open();
  const winner = store.commit(batch({ writes: { a: 'winner' } }));
  let refused = false;
  const loser = store
    .commit(batch({ reads: { a: NEVER }, writes: { b: '' } }))
    .catch((error: unknown) => {
      refused = true;
      return [error instanceof ConflictError, text(store, 'a')];
    });
  await settle();
  t.false(refused);
  medium.finish();
  await winner;
  t.deepEqual(await loser, [true, 'winner']);
  t.deepEqual(medium.writes, [1], 'nothing of it was written');
});

test('a batch that collides with one in flight or one that waits behind it is refused', async (t) => {
  const { medium, store } = open();
  const flying = store.commit(batch({ writes: { 'a/1': '' } }));
  await settle();
  const waiting = store.commit(batch({ writes: { 'a/2': '' } }));
  const losers = [
    store.commit(batch({ reads: { 'a/1': NEVER }, writes: { x: '' } })),
    store.commit(batch({ reads: { 'a/2': NEVER }, writes: { x: '' } })),
    store.commit(batch({ lists: { 'a/': NEVER }, writes: { x: '' } })),
    store.commit(batch({ lists: { '': NEVER }, writes: { x: '' } })),
  ];
  const beside = store.commit(
    batch({ reads: { b: NEVER }, lists: { 'b/': NEVER }, writes: { b: '' } }),
  );
  const refusals = Promise.all(
    losers.map((loser) => t.throwsAsync(loser, { instanceOf: ConflictError })),
  );
  medium.finish();
  await flying;
  await settle();
  medium.finish();
  await Promise.all([waiting, beside, refusals]);
  t.is(store.get('x'), undefined);
});

test('a batch may build on one that waits if it saw it coming', async (t) => {
  const opened = open();
  const { medium, store } = opened;
  await commit(opened, { a: '1' });
  const seen = store.indexOf('a');
  const first = store.commit(batch({ reads: { a: seen }, writes: { a: '2' } }));
  const second = store.commit(batch({ reads: { b: NEVER }, writes: { b: '1' } }));
  await settle();
  medium.finish();
  t.deepEqual(await Promise.all([first, second]), [2, 3] as Index[]);
});

test('a read-only batch does not wait for what is in flight', async (t) => {
  const opened = open();
  const { medium, store } = opened;
  await commit(opened, { a: '1' });
  const flying = store.commit(batch({ writes: { a: '2' } }));
  await settle();
  t.is(await store.commit(batch({ reads: { a: 1 as Index } })), 1 as Index);
  medium.finish();
  await flying;
});

test('after a failed write the outcome is unknown, and every later call fails', async (t) => {
  const opened = open();
  const { medium, store } = opened;
  await commit(opened, { a: '1' });
  const flying = store.commit(batch({ writes: { a: '2' } }));
  await settle();
  const waiting = store.commit(batch({ writes: { b: '2' } }));
  const refused = store.commit(batch({ reads: { b: NEVER }, writes: { c: '2' } }));
  medium.fail(new Error('EIO: input/output error'));
  // Whoever waits hears of it.
  await t.throwsAsync(flying, { instanceOf: StorageError });
  const expected = { instanceOf: StorageError, message: /EIO: input\/output error/ };
  for (const commits of [
    flying,
    waiting,
    refused,
    store.commit(batch({ writes: { d: '' } })),
    store.commit(batch({})),
  ]) {
    await t.throwsAsync(commits, expected);
  }
  const calls: readonly (() => unknown)[] = [
    () => store.get('a'),
    () => store.indexOf('a'),
    () => store.list(''),
    () => store.listIndexOf(''),
  ];
  for (const call of calls) t.throws(call, expected);
  t.is(store.index, 1 as Index);
  t.deepEqual(medium.writes, [1, 1], 'nothing was written after it');
  await t.notThrowsAsync(store.close());
});

test('a failure while closing is told to whoever waits, and the medium is let go', async (t) => {
  const { medium, store } = open();
  const flying = store.commit(batch({ writes: { a: '2' } }));
  await settle();
  const closed = store.close();
  medium.fail(new Error('EIO'));
  await t.throwsAsync(flying, { instanceOf: StorageError });
  await t.notThrowsAsync(closed);
});

test('closing waits for what is under way', async (t) => {
  const { medium, store } = open();
  const flying = store.commit(batch({ writes: { a: '1' } }));
  await settle();
  const waiting = store.commit(batch({ writes: { b: '1' } }));
  const closed = store.close();
  await t.throwsAsync(store.commit(batch({ writes: { c: '' } })), {
    message: 'the storage is closed',
  });
  medium.finish();
  await settle();
  medium.finish();
  t.deepEqual(await Promise.all([flying, waiting]), [1, 2] as Index[]);
  await closed;
});

const DAMAGE: readonly (readonly [string, (medium: ControlledMedium) => unknown, RegExp])[] = [
  ['changed', ({ records }) => records.get('a')?.fill(1, 14), /record of a is not the one/],
  [
    'exchanged for another',
    ({ records }) => records.set('a', records.get('b') ?? Buffer.alloc(0)),
    /record of a is not/,
  ],
  ['cut short', ({ records }) => records.set('a', Buffer.alloc(3)), /record of a is not/],
  ['taken away', ({ records }) => records.delete('a'), /record of a is missing/],
];

for (const [what, damage, message] of DAMAGE) {
  test(`a record that was ${what} is found when it is read`, async (t) => {
    const opened = open();
    await commit(opened, { a: 'value', b: 'other' });
    damage(opened.medium);
    t.throws(() => opened.store.get('a'), { instanceOf: DamagedError, message });
    t.is(text(opened.store, 'b'), 'other');
  });
}

test('an older record that comes back is found', async (t) => {
  const opened = open();
  await commit(opened, { a: 'old' });
  const old = opened.medium.records.get('a');
  await commit(opened, { a: 'new' });
  opened.medium.records.set('a', old ?? Buffer.alloc(0));
  t.throws(() => opened.store.get('a'), { instanceOf: DamagedError });
  await commit(opened, { b: 'x' });
  t.throws(() => opened.store.get('a'), { instanceOf: DamagedError });
});

test('the state that is written with a group is that of the directory afterwards', async (t) => {
  const states: string[] = [];
  const medium = new ControlledMedium();
  const write = medium.write.bind(medium);
  const store = openControlled(
    Object.defineProperty(medium, 'write', {
      value: (
        records: ReadonlyMap<string, Buffer | undefined>,
        state: ReturnType<Directory['state']>,
      ) => {
        states.push(`${state.index} ${state.count} ${state.hash.bytes().toString('hex')}`);
        return write(records);
      },
    }),
  );
  const opened = { medium, store };
  await commit(opened, { a: '1', b: '1' });
  const commits = [{ a: '2' }, { a: undefined, c: '1' }, { c: '2' }].map((writes) =>
    store.commit(batch({ writes })),
  );
  await settle();
  medium.finish();
  await Promise.all(commits);

  t.is(states.length, 2);
  t.regex(states[1] ?? '', /^4 2 /);
  t.not(states[0]?.split(' ')[2], states[1]?.split(' ')[2]);
});
