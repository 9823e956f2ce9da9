// What was applied is written some time later, in one write at a time.
import test from 'ava';
import { Flusher } from '#storage/flusher.ts';
import { StorageError, type Failure, type Index } from '#storage/physical.ts';
import { StillTimer } from '#test/helpers/machine.ts';
import { settle } from '#test/helpers/medium.ts';

class Writes {
  applied = 0;
  readonly timer = new StillTimer();
  readonly told: Failure[] = [];
  /** What was applied when each write began. */
  readonly begun: number[] = [];
  #running: PromiseWithResolvers<Index> | undefined;
  readonly flusher = new Flusher({
    timer: this.timer,
    durable: 0 as Index,
    applied: () => this.applied as Index,
    write: () => {
      this.begun.push(this.applied);
      this.#running = Promise.withResolvers<Index>();
      return this.#running.promise;
    },
    onFailure: (failure) => this.told.push(failure),
  });

  async finish(): Promise<void> {
    this.#running?.resolve((this.begun.at(-1) ?? 0) as Index);
    await settle();
  }

  async fail(): Promise<void> {
    this.#running?.reject(new Error('no space'));
    await settle();
  }
}

test('many entries are written together, later', async (t) => {
  const writes = new Writes();
  for (; writes.applied < 3; writes.applied++) writes.flusher.soon();
  t.deepEqual(writes.begun, []);
  writes.timer.fire();
  t.deepEqual(writes.begun, [3]);
  writes.applied = 5;
  writes.flusher.soon();
  writes.timer.fire();
  t.deepEqual(writes.begun, [3]);
  await writes.finish();
  writes.timer.fire();
  t.deepEqual(writes.begun, [3, 5]);
  await writes.finish();
  writes.timer.fire();
  t.deepEqual(writes.begun, [3, 5]);
});

test('whoever waits for an entry has it written at once, behind what is being written', async (t) => {
  const writes = new Writes();
  writes.applied = 1;
  writes.flusher.now();
  writes.applied = 2;
  let isDone = false;
  const through = writes.flusher.through(2 as Index).then(() => (isDone = true));
  await writes.finish();
  t.deepEqual([writes.begun, isDone], [[1, 2], false]);
  await writes.finish();
  t.true(await through);
  await writes.flusher.through(2 as Index);
  t.deepEqual(writes.begun, [1, 2]);
});

test('a failed write is told once, and nothing is written any more', async (t) => {
  const writes = new Writes();
  writes.applied = 1;
  const through = writes.flusher.through(1 as Index);
  const refused = t.throwsAsync(through, { instanceOf: StorageError, message: /no space$/ });
  await writes.fail();
  await refused;
  writes.flusher.soon();
  writes.flusher.now();
  await t.throwsAsync(writes.flusher.through(1 as Index), { instanceOf: StorageError });
  t.throws(() => writes.flusher.assertUsable(), { instanceOf: StorageError });
  t.deepEqual([writes.begun, writes.told.length], [[1], 1]);
});

test('what was replaced is not written', async (t) => {
  const writes = new Writes();
  writes.applied = 9;
  writes.flusher.restart(9 as Index);
  await writes.flusher.through(9 as Index);
  t.deepEqual(writes.begun, []);
});
