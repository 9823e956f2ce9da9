// Batches on their way through the log, and what becomes of those who wait for them.
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { Driver } from '#raft/driver/driver.ts';
import type { Index as LogIndex, Outcome, Term, Ticket } from '#raft/types.ts';
import { UncertainError } from '#storage/cluster-storage.ts';
import { encodeEntry } from '#storage/entry.ts';
import { ConflictError, NEVER, type Index } from '#storage/physical.ts';
import { Proposals } from '#storage/proposals.ts';
import { batch } from '#test/conformance/storage.ts';
import { open } from '#test/helpers/machine.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';

/** A leader that appends what it is given, and does no more by itself. */
class Log implements Pick<Driver, 'propose' | 'close'> {
  readonly #settles: ((outcome: Outcome) => void)[] = [];

  propose(_data: Uint8Array, settle: (outcome: Outcome) => void): Ticket {
    const length = this.#settles.push(settle);
    settle({ type: 'appended', index: length as LogIndex, term: 1 as Term });
    return length as Ticket;
  }

  close(): void {}

  lose(index: number): void {
    this.#settles[index - 1]?.({ type: 'lost' });
  }
}

async function started(): Promise<{
  readonly log: Log;
  readonly proposals: Proposals;
  readonly commit: (key: string) => Promise<Index>;
}> {
  const log = new Log();
  const proposals = new Proposals(await open(new VirtualMedia()));
  const commit = (key: string): Promise<Index> => {
    const wish = batch({ reads: { [key]: NEVER }, writes: { [key]: 'x' } });
    return proposals.commit(log, wish, encodeEntry({ type: 'writes', writes: wish.writes }));
  };
  return { log, proposals, commit };
}

test('whoever waits until nothing is on its way waits for what is applied late as well', async (t) => {
  const { log, proposals, commit } = await started();
  const [first, second] = [commit('a'), commit('b')];
  let isIdle = false;
  const idle = proposals.idle().then(() => (isIdle = true));
  // Leadership ends: the first is committed and not applied yet.
  log.lose(2);
  await t.throwsAsync(second, { instanceOf: UncertainError });
  await setImmediate();
  t.false(isIdle);
  proposals.applied(log, 1 as Index);
  t.is(await first, 1 as Index);
  await idle;
});

test('nobody waits when nothing is on its way', async (t) => {
  const { proposals } = await started();
  await t.notThrowsAsync(proposals.idle());
});

test('a batch that meets another is refused once that can be read', async (t) => {
  const { log, proposals, commit } = await started();
  const [first, second] = [commit('a'), commit('a')];
  let isRefused = false;
  const refused = t
    .throwsAsync(second, { instanceOf: ConflictError })
    .then(() => (isRefused = true));
  await setImmediate();
  t.false(isRefused);
  proposals.applied(log, 1 as Index);
  t.is(await first, 1 as Index);
  await refused;
});
