import test from 'ava';
import { Order, type Hands } from '#raft/driver/order.ts';
import type { Effect, Entry, Index, Message, NodeId, Sequence, Term } from '#raft/types.ts';

const entry = (index: number): Entry => ({ index: index as Index, term: 1 as Term, type: 'noop' });

function persist(sequence: number): Effect {
  return {
    type: 'persist',
    sequence: sequence as Sequence,
    hardState: undefined,
    entries: [entry(sequence)],
  };
}

const INSTALL: Effect = {
  type: 'install',
  keepsLog: false,
  snapshot: {
    index: 9 as Index,
    term: 1 as Term,
    configuration: [],
    configurationIndex: 0 as Index,
  },
};

function send(to: string, isUrgent = false): Effect {
  const message = { type: 'time-out-now', from: 'a', to, term: 1 } as Message;
  return { type: 'send', message, isUrgent };
}

/** What is done, in words; what takes time ends when `end` is called. */
class Recorder implements Hands {
  readonly done: string[] = [];
  #running: PromiseWithResolvers<void> | undefined;

  persist(group: Parameters<Hands['persist']>[0]): Promise<void> {
    return this.#begin(`persist ${group.map(({ sequence }) => sequence).join(' ')}`);
  }

  install(): Promise<void> {
    return this.#begin('install');
  }

  persisted(last: Parameters<Hands['persisted']>[0]): void {
    this.done.push(`persisted ${last.sequence}`);
  }

  send(message: Message): void {
    this.done.push(`send ${message.to}`);
  }

  apply(entries: readonly Entry[]): void {
    this.done.push(`apply ${entries.map(({ index }) => index).join(' ')}`);
  }

  tell(news: Parameters<Hands['tell']>[0]): void {
    this.done.push(news.type);
  }

  fail(error: unknown): void {
    this.done.push(`fail ${String(error)}`);
  }

  wake(): void {
    this.done.push('wake');
  }

  async end(): Promise<void> {
    this.#running?.resolve();
    await this.#running?.promise;
  }

  async break(): Promise<void> {
    this.#running?.reject(new Error('EIO'));
    await this.#running?.promise.catch(() => undefined);
  }

  #begin(what: string): Promise<void> {
    this.done.push(what);
    this.#running = Promise.withResolvers<void>();
    return this.#running.promise;
  }
}

function start(): readonly [Order, Recorder] {
  const recorder = new Recorder();
  return [new Order(recorder), recorder];
}

test('what stands before a persist goes at once, what stands behind it waits for it', async (t) => {
  const [order, recorder] = start();
  order.take([send('b'), persist(1), send('c')]);
  order.run();
  t.deepEqual(recorder.done, ['send b', 'persist 1']);
  await recorder.end();
  t.deepEqual(recorder.done.slice(2), ['persisted 1', 'send c', 'wake']);
});

test('what a later step sends waits for the persist of an earlier one, unless it is urgent', async (t) => {
  const [order, recorder] = start();
  order.take([persist(1)]);
  order.run();
  order.take([send('b'), send('c', true)]);
  order.run();
  t.deepEqual(recorder.done, ['persist 1', 'send c']);
  await recorder.end();
  t.deepEqual(recorder.done.slice(2), ['persisted 1', 'send b', 'wake']);
});

test('a slow disk holds up neither entries that are durable nor news', (t) => {
  const [order, recorder] = start();
  order.take([
    persist(1),
    { type: 'apply', entries: [entry(1)] },
    { type: 'follow', term: 2 as Term, leader: 'b' as NodeId },
  ]);
  t.deepEqual(recorder.done, ['apply 1', 'follow']);
});

test('all that waits to be persisted is written together, and what stands between goes after it', async (t) => {
  const [order, recorder] = start();
  order.take([persist(1)]);
  order.run();
  for (const sequence of [2, 3]) order.take([persist(sequence), send(`n${sequence}`)]);
  order.run();
  await recorder.end();
  order.run();
  await recorder.end();
  t.deepEqual(recorder.done, [
    'persist 1',
    'persisted 1',
    'wake',
    'persist 2 3',
    'persisted 3',
    'send n2',
    'send n3',
    'wake',
  ]);
});

test('what is to be persisted behind a snapshot is not written before it is there', async (t) => {
  const [order, recorder] = start();
  order.take([persist(1), INSTALL, persist(2)]);
  for (let turn = 0; turn < 3; turn++) {
    order.run();
    await recorder.end();
  }
  t.deepEqual(
    recorder.done.filter((what) => what !== 'wake'),
    ['persist 1', 'persisted 1', 'install', 'persist 2', 'persisted 2'],
  );
});

test('after an error nothing is carried out, and nothing after the end', async (t) => {
  const [order, recorder] = start();
  order.take([persist(1), send('b')]);
  order.run();
  await recorder.break();
  t.deepEqual(recorder.done, ['persist 1', 'fail Error: EIO']);

  const [other, ended] = start();
  other.take([persist(1), send('b')]);
  other.run();
  other.end();
  await ended.end();
  t.deepEqual(ended.done, ['persist 1']);
});
