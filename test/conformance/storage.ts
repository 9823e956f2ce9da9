// The contract of Physical as tests that every backend passes. Helpers are at the end.
import test, { type ExecutionContext } from 'ava';
import {
  ConflictError,
  NEVER,
  StorageError,
  type Batch,
  type Index,
  type Physical,
} from '#storage/physical.ts';
import { seededRandom, type Random } from '#test/helpers/random.ts';

export interface Backend {
  /** A store that is not there yet, as a function that opens it each time that it is called. */
  readonly make: (t: ExecutionContext) => () => Promise<Physical>;
  /** Whether what was committed is there after closing and opening. Its indexes stay; new ones may have gaps. */
  readonly survives: boolean;
}

export function storageSuite(name: string, backend: Backend): void {
  const it = (
    title: string,
    run: (t: ExecutionContext, store: Physical) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, async (t) => {
      const store = await backend.make(t)();
      await run(t, store);
      await store.close();
    });
  };

  it('a new store is empty', async (t, store) => {
    t.is(store.get('a'), undefined);
    t.is(store.indexOf('a'), NEVER);
    t.deepEqual(store.list(''), []);
    t.is(store.listIndexOf(''), NEVER);
    t.is(await store.commit(batch({})), store.index);
  });

  it('what was committed is read back, byte for byte', async (t, store) => {
    const values = ['', 'x', '\0\xff', 'y'.repeat(100_000)];
    const start = store.index;
    for (const [at, value] of values.entries()) {
      t.is(await store.commit(batch({ writes: { key: value } })), (start + at + 1) as Index);
      t.is(text(store.get('key')), value);
      t.is(store.indexOf('key'), store.index);
    }
  });

  it('a deleted key is gone, and deleting it again changes nothing but the index', async (t, store) => {
    await put(store, { 'a/b': '1', 'a/c': '2' });
    await store.commit(batch({ writes: { 'a/b': undefined } }));
    t.is(store.get('a/b'), undefined);
    t.is(store.indexOf('a/b'), NEVER);
    t.deepEqual(store.list('a/'), ['c']);
    const changed = store.listIndexOf('a/');
    await store.commit(batch({ writes: { 'a/b': undefined } }));
    t.is(store.listIndexOf('a/'), changed);
    t.is(text(store.get('a/c')), '2');
  });

  it('a list has the names directly below, folders with a slash', async (t, store) => {
    await put(store, { 'a/b': '', 'a/b/c': '', 'a/b/d/e': '', ab: '', 'b/c/d/e': '' });
    t.deepEqual(store.list(''), ['a/', 'ab', 'b/']);
    t.deepEqual(store.list('a/'), ['b', 'b/']);
    t.deepEqual(store.list('a/b/'), ['c', 'd/']);
    t.deepEqual(store.list('b/c/'), ['d/']);
    t.deepEqual(store.list('c/'), []);
  });

  it('a list is sorted by code point', async (t, store) => {
    const names = ['a', 'a b', 'a-', 'a/', 'b', 'é', '\uff5e', '\u{1f511}'];
    const keys = names.map((key) => (key.endsWith('/') ? `${key}x` : key));
    await put(store, Object.fromEntries(keys.toReversed().map((key) => [key, ''])));
    t.deepEqual(store.list(''), names);
    const bytes = [...store.list('')].toSorted((one, two) =>
      Buffer.compare(Buffer.from(one), Buffer.from(two)),
    );
    t.deepEqual(store.list(''), bytes);
  });

  it('the index of a list moves when a name comes or goes, and only then', async (t, store) => {
    const moved = async (writes: Record<string, string | undefined>): Promise<string[]> => {
      const folders = ['', 'a/', 'a/b/', 'a/b/c/'];
      const before = folders.map((prefix) => store.listIndexOf(prefix));
      await store.commit(batch({ writes }));
      return folders.filter((prefix, at) => store.listIndexOf(prefix) !== before[at]);
    };
    t.deepEqual(await moved({ 'a/b/c/d': '1' }), ['', 'a/', 'a/b/', 'a/b/c/']);
    t.deepEqual(await moved({ 'a/b/c/d': '2' }), []);
    t.deepEqual(await moved({ 'a/b/c/e': '1' }), ['a/b/c/']);
    t.deepEqual(await moved({ 'a/x': '1' }), ['a/']);
    t.deepEqual(await moved({ 'a/b/c/d': undefined }), ['a/b/c/']);
    t.deepEqual(await moved({ 'a/b/c/e': undefined }), ['a/', 'a/b/', 'a/b/c/']);
    t.is(store.listIndexOf('a/b/c/'), NEVER);
    t.deepEqual(await moved({ 'a/b/c/e': '1', 'a/b/c/f': '1' }), ['a/', 'a/b/', 'a/b/c/']);
  });

  it('a batch whose read has changed is refused, and nothing of it is applied', async (t, store) => {
    await put(store, { a: '1' });
    const stale = batch({ reads: { a: NEVER }, writes: { a: '2', b: '2' } });
    await t.throwsAsync(store.commit(stale), { instanceOf: ConflictError });
    t.deepEqual([text(store.get('a')), store.get('b')], ['1', undefined]);
    t.is(store.index, store.indexOf('a'));
    await store.commit(batch({ reads: { a: store.index }, writes: { a: '2' } }));
    t.is(text(store.get('a')), '2');
  });

  it('a batch that saw a key absent is refused when it has come', async (t, store) => {
    const first = store.commit(batch({ reads: { a: NEVER }, writes: { a: '1' } }));
    const second = store.commit(batch({ reads: { a: NEVER }, writes: { a: '2' } }));
    await first;
    await t.throwsAsync(second, { instanceOf: ConflictError });
    t.is(text(store.get('a')), '1');
  });

  it('a batch whose list has changed is refused: no phantoms', async (t, store) => {
    await put(store, { 'a/1': '' });
    const seen = store.listIndexOf('a/');
    const first = store.commit(batch({ lists: { 'a/': seen }, writes: { 'a/2': '' } }));
    const second = store.commit(batch({ lists: { 'a/': seen }, writes: { 'a/3': '' } }));
    await first;
    await t.throwsAsync(second, { instanceOf: ConflictError });
    t.deepEqual(store.list('a/'), ['1', '2']);
  });

  it('an overwrite is no phantom', async (t, store) => {
    await put(store, { 'a/1': '' });
    const seen = store.listIndexOf('a/');
    const overwrite = store.commit(batch({ writes: { 'a/1': 'x' } }));
    await store.commit(batch({ lists: { 'a/': seen }, writes: { 'a/2': '' } }));
    await overwrite;
    t.deepEqual(store.list('a/'), ['1', '2']);
  });

  it('a folder that is emptied and filled again has changed', async (t, store) => {
    await put(store, { 'a/b/c': '' });
    const seen = store.listIndexOf('a/');
    const emptied = store.commit(batch({ writes: { 'a/b/c': undefined } }));
    const filled = store.commit(batch({ writes: { 'a/b/c': '' } }));
    await t.throwsAsync(store.commit(batch({ lists: { 'a/': seen }, writes: { z: '' } })), {
      instanceOf: ConflictError,
    });
    await Promise.all([emptied, filled]);
    t.deepEqual(store.list(''), ['a/']);
  });

  it('whoever is refused can see what was in the way', async (t, store) => {
    const winner = store.commit(batch({ reads: { a: NEVER }, writes: { a: 'winner' } }));
    const loser = store.commit(batch({ reads: { a: NEVER }, writes: { a: 'loser' } }));
    await t.throwsAsync(loser, { instanceOf: ConflictError });
    t.is(text(store.get('a')), 'winner');
    await winner;
  });

  it('a batch without writes is checked too, and takes no index', async (t, store) => {
    await put(store, { a: '1' });
    const { index } = store;
    t.is(await store.commit(batch({ reads: { a: store.indexOf('a') } })), index);
    await t.throwsAsync(store.commit(batch({ reads: { a: NEVER } })), {
      instanceOf: ConflictError,
    });
    await t.throwsAsync(store.commit(batch({ lists: { '': NEVER } })), {
      instanceOf: ConflictError,
    });
    t.is(store.index, index);
  });

  it('batches get indexes in the order of their commits, and each is told', async (t, store) => {
    const told: [string, number][] = [];
    const start = store.index;
    const end = store.observe((keys, index) => told.push([keys.join(), index]));
    const commits = Array.from({ length: 20 }, (_, at) =>
      store.commit(batch({ writes: { [`k${at}`]: '' } })),
    );
    t.deepEqual(
      await Promise.all(commits),
      commits.map((_, at) => (start + at + 1) as Index),
    );
    t.deepEqual(
      told,
      commits.map((_, at) => [`k${at}`, start + at + 1]),
    );
    end();
    await put(store, { last: '' });
    t.is(told.length, 20);
  });

  it('the last of several writes of a key in one group wins', async (t, store) => {
    await Promise.all(
      ['1', undefined, '2', '3'].map((value) => store.commit(batch({ writes: { a: value } }))),
    );
    t.is(text(store.get('a')), '3');
    await Promise.all(
      ['4', undefined].map((value) => store.commit(batch({ writes: { a: value } }))),
    );
    t.is(store.get('a'), undefined);
    t.deepEqual(store.list(''), []);
  });

  it('an observer sees the batch that it is told of', async (t, store) => {
    let seen: string | undefined;
    store.observe(([key]) => (seen = text(store.get(key ?? ''))));
    await put(store, { a: 'now' });
    t.is(seen, 'now');
  });

  it('an observer that cannot follow ends the storage, which says so', async (t, store) => {
    store.observe(() => {
      throw new Error('lost');
    });
    await put(store, { a: 'written' }).catch(() => undefined);
    const failed = { instanceOf: StorageError, message: /could not be followed: lost/ };
    await t.throwsAsync(put(store, { a: 'later' }), failed);
    t.throws(() => store.get('a'), failed);
  });

  it('concurrent transactions are serializable in the order of their indexes', async (t, store) => {
    const seed = Number(process.env['SEED'] ?? 20_240_501);
    t.log(`SEED=${seed}`);
    await checkSerializable(t, store, seededRandom(seed));
  });

  it('a closed store fails every call', async (t, store) => {
    const running = put(store, { a: '1' });
    const closed = store.close();
    await t.notThrowsAsync(running);
    await closed;
    t.throws(() => store.get('a'), { instanceOf: StorageError });
    t.throws(() => store.list(''), { instanceOf: StorageError });
    t.throws(() => store.indexOf('a'), { instanceOf: StorageError });
    t.throws(() => store.listIndexOf('a'), { instanceOf: StorageError });
    await t.throwsAsync(put(store, { a: '2' }), { instanceOf: StorageError });
  });

  test(`${name}: what a store holds ${backend.survives ? 'is there' : 'is gone'} when it is opened again`, async (t) => {
    const open = backend.make(t);
    const first = await open();
    await put(first, { 'a/b': '1', 'a/c': '2', d: '3' });
    const written = await first.commit(batch({ writes: { 'a/b': undefined, d: '4' } }));
    await first.close();
    const second = await open();
    t.is(second.index >= written, backend.survives);
    t.deepEqual(second.list('a/'), backend.survives ? ['c'] : []);
    t.is(text(second.get('d')), backend.survives ? '4' : undefined);
    t.is(second.indexOf('d'), backend.survives ? written : NEVER);
    await put(second, { e: '5' });
    await second.close();
  });
}

interface Seen {
  readonly index: Index;
  readonly batch: Batch;
  readonly values: ReadonlyMap<string, string | undefined>;
  readonly names: ReadonlyMap<string, readonly string[]>;
}

const CLIENTS = 12;
const ROUNDS = 60;

/** Runs transactions side by side, then one after the other on a plain map: each must see there what it saw here. */
async function checkSerializable(
  t: ExecutionContext,
  store: Physical,
  random: Random,
): Promise<void> {
  const committed: Seen[] = [];
  let refused = 0;
  const client = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      const seen = await runTransaction(t, store, random);
      if (seen === undefined) refused += 1;
      else committed.push(seen);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  t.true(refused > 10, 'transactions were in each other’s way');
  t.true(committed.length > 100, 'transactions went through');

  const model = new Map<string, string>();
  // One that changes nothing took place after the batch whose index it was given.
  const order = committed.toSorted(
    (one, two) => one.index - two.index || two.batch.writes.size - one.batch.writes.size,
  );
  for (const {
    batch: { writes },
    values,
    names,
  } of order) {
    const matches =
      [...values].every(([key, value]) => model.get(key) === value) &&
      [...names].every(([prefix, list]) => namesBelow(model, prefix).join() === list.join());
    if (!matches) t.fail('a transaction saw what no order explains');
    for (const [key, value] of writes) {
      if (value === undefined) model.delete(key);
      else model.set(key, text(value) ?? '');
    }
  }
  for (const key of KEYS) t.is(text(store.get(key)), model.get(key));
  for (const prefix of PREFIXES) t.deepEqual(store.list(prefix), namesBelow(model, prefix));
}

const KEYS = ['a', 'a/x', 'a/y', 'a/x/p', 'a/x/q', 'b/x', 'b/y/z', 'c', 'd/e/f/g'];
const PREFIXES = ['', 'a/', 'a/x/', 'b/', 'b/y/', 'd/', 'd/e/', 'd/e/f/'];

async function runTransaction(
  t: ExecutionContext,
  store: Physical,
  random: Random,
): Promise<Seen | undefined> {
  const values = new Map<string, string | undefined>();
  const names = new Map<string, readonly string[]>();
  const reads = new Map<string, Index>();
  const lists = new Map<string, Index>();
  for (let step = random.below(4); step >= 0; step--) {
    const [key, prefix] = [random.pick(KEYS), random.pick(PREFIXES)];
    if (random.below(3) > 0 && !reads.has(key)) {
      values.set(key, text(store.get(key)));
      reads.set(key, store.indexOf(key));
    } else if (!lists.has(prefix)) {
      names.set(prefix, store.list(prefix));
      lists.set(prefix, store.listIndexOf(prefix));
    }
    if (random.below(3) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const writes = new Map<string, Uint8Array | undefined>();
  for (let count = random.below(4); count > 0; count--) {
    writes.set(random.pick(KEYS), random.below(3) === 0 ? undefined : random.bytes(8));
  }
  const wanted = { reads, lists, writes };
  try {
    return { index: await store.commit(wanted), batch: wanted, values, names };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // What was absent may have come and gone again meanwhile.
    const seen = [...reads.values(), ...lists.values()];
    const changed =
      seen.includes(NEVER) ||
      [...reads].some(([key, index]) => store.indexOf(key) !== index) ||
      [...lists].some(([prefix, index]) => store.listIndexOf(prefix) !== index);
    if (!changed) t.fail('refused although nothing that was read has changed');
    return undefined;
  }
}

function namesBelow(model: ReadonlyMap<string, string>, prefix: string): string[] {
  const below = [...model.keys()].filter((key) => key.startsWith(prefix));
  const names = below.map((key) => key.slice(prefix.length).replace(/\/.*/, '/'));
  return [...new Set(names)].toSorted();
}

interface Wish {
  readonly reads?: Readonly<Record<string, Index>>;
  readonly lists?: Readonly<Record<string, Index>>;
  readonly writes?: Readonly<Record<string, string | undefined>>;
}

/** A batch of texts. */
export function batch({ reads = {}, lists = {}, writes = {} }: Wish): Batch {
  const bytes = Object.entries(writes).map(
    ([key, value]) =>
      [key, value === undefined ? undefined : Buffer.from(value, 'latin1')] as const,
  );
  return {
    reads: new Map(Object.entries(reads)),
    lists: new Map(Object.entries(lists)),
    writes: new Map(bytes),
  };
}

function put(store: Physical, writes: Readonly<Record<string, string>>): Promise<Index> {
  return store.commit(batch({ writes }));
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
}
