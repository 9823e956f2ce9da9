// The story of a request, from the listener to the reply. Every line needs what the line before it returns.
import { ConflictError } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { judge } from '../policy/judge.ts';
import type { System } from '../sys/system.ts';
import type { Unsealed } from '../unsealed.ts';
import { admit } from './admit.ts';
import { finish } from './finish.ts';
import { identify } from './identify.ts';
import type { Arrived, Finished } from './stages.ts';

/**
 * How often a request is run again because another changed what it had read. Each time at least one of those in its way
 * has finished, so that only a request that loses against this many in a row is given up.
 */
const ATTEMPTS_MAX = 100;

/**
 * Runs one request as one transaction: all that it writes is durable before its answer leaves, or none of it is.
 *
 * @throws ClientError 500 when it could not be put on record; StorageError when the disk failed
 */
export async function handle(node: Unsealed, arrived: Arrived): Promise<Finished> {
  const { finished, actions } = await runUntilDone(node, arrived);
  for (const action of actions) await action();
  return finished;
}

/** A request that is on record, and what is to follow from it. */
interface Done {
  readonly finished: Finished;
  readonly actions: readonly Action[];
}

type Action = Parameters<System['afterwards']>[0];

async function runUntilDone(node: Unsealed, arrived: Arrived): Promise<Done> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(node, arrived, attempt === 1);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function run(node: Unsealed, arrived: Arrived, isFirst: boolean): Promise<Done> {
  const transaction: Transaction = node.barrier.begin();
  const admitted = admit(node, transaction, arrived);
  const known = identify(node, transaction, admitted);
  const verdict = judge(node, transaction, known);
  if (isFirst) await node.audit.request(verdict); // refusals are on record too

  const actions: Action[] = [];
  const finished = await finish(node, transaction, verdict, (action) => actions.push(action));
  await transaction.commit();
  await node.audit.response(finished); // nothing leaves that is not on record
  return { finished, actions };
}
