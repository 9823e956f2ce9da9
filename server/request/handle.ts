// The story of a request, from the listener to the reply. Every line needs what the line before it returns.
import { ClientError } from '#sdk/errors.ts';
import { isLostLeadership, NotLeaderError, TooLargeError } from '#storage/cluster-storage.ts';
import { ConflictError } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { judge } from '../policy/judge.ts';
import type { System } from '../sys/system.ts';
import type { Unsealed } from '../unsealed.ts';
import { admit } from './admit.ts';
import { finish } from './finish.ts';
import { identify } from './identify.ts';
import type { Admitted, Arrived, Finished, Outcome } from './stages.ts';

/**
 * How often a request is run again because another changed what it had read. Each time at least one of those in its way
 * has finished, so that only a request that loses against this many in a row is given up.
 */
const ATTEMPTS_MAX = 100;

/**
 * Runs one request as one transaction: all that it writes is durable before its answer leaves, or none of it is.
 *
 * @throws ClientError 500 when it could not be put on record; StorageError when the disk failed; NotLeaderError when
 *   this node leads no longer, and nothing was done
 */
export async function handle(node: Unsealed, arrived: Arrived): Promise<Finished> {
  const { finished, actions } = await untilNoConflict((attempt) =>
    run(node, arrived, attempt === 1),
  );
  try {
    for (const action of actions) await action();
  } catch (error) {
    // The answer is on record, so the request must not be run a second time.
    if (isLostLeadership(error)) throw new ClientError(500, LEADERSHIP_LOST, { cause: error });
    throw error;
  }
  return finished;
}

/**
 * Answers a request on a node that is not active, from what is stored there.
 *
 * @returns nothing when the active node has to answer; then it has no effect and is not on record
 */
export function handleAsStandby(node: Unsealed, arrived: Arrived): Promise<Finished | undefined> {
  return untilNoConflict(() => runAsStandby(node, arrived));
}

/**
 * Whether a node that is not active may answer a request, as far as can be seen from what is stored there now. The active
 * node can answer every request, so whoever may not be up to date can go by a no, but not by a yes.
 */
export const mayAnswer = (node: Unsealed, arrived: Arrived): boolean =>
  mayServe(admit(node, node.barrier.begin(), arrived));

/** A request that is on record, and what is to follow from it. */
interface Done {
  readonly finished: Finished;
  readonly actions: readonly Action[];
}

type Action = Parameters<System['afterwards']>[0];

async function untilNoConflict<T>(runOnce: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(attempt);
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
  try {
    const finished = await finish(node, transaction, verdict, (action) => actions.push(action));
    await transaction.commit();
    await node.audit.response(finished); // nothing leaves that is not on record
    return { finished, actions };
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome === undefined) throw error;
    const failed: Finished = { stage: 'finished', verdict, outcome };
    await node.audit.response(failed);
    if (error instanceof NotLeaderError) throw error;
    return { finished: failed, actions: [] };
  }
}

async function runAsStandby(node: Unsealed, arrived: Arrived): Promise<Finished | undefined> {
  const transaction: Transaction = node.barrier.begin();
  const admitted = admit(node, transaction, arrived);
  if (!mayServe(admitted)) return undefined;
  const known = identify(node, transaction, admitted);
  const verdict = judge(node, transaction, known);
  if (transaction.hasWrites) return undefined; // a use of the token is to be spent

  let hasActions = false;
  const finished = await finish(node, transaction, verdict, () => (hasActions = true));
  if (transaction.hasWrites || hasActions || isUnexpected(finished.outcome)) return undefined;
  await transaction.commit(); // what it read was of one moment
  await node.audit.request(verdict);
  await node.audit.response(finished);
  return finished;
}

function mayServe({ arrived, target }: Admitted): boolean {
  const { verb, wrap } = arrived;
  if (wrap !== undefined || verb === 'help') return false;
  return target?.path.operations[verb]?.standby === 'serve';
}

/** The active node may be able to do what this one cannot. */
const isUnexpected = (outcome: Outcome): boolean =>
  outcome.type === 'error' && !(outcome.error instanceof ClientError);

/** Vault's own words, whichever of the two it was. */
const LEADERSHIP_LOST = 'leadership lost while committing log';
const NOT_LEADER = 'node is not the leader';

/** How a request ends that could not be committed; `undefined` for what is no end, or none that can be spoken of. */
function outcomeOf(error: unknown): Outcome | undefined {
  if (error instanceof NotLeaderError) return failure(503, NOT_LEADER, error);
  if (error instanceof TooLargeError) return failure(500, error.message, error);
  if (isLostLeadership(error)) return failure(500, LEADERSHIP_LOST, error);
  return undefined;
}

const failure = (status: number, message: string, cause: unknown): Outcome => ({
  type: 'error',
  error: new ClientError(status, message, { cause }),
});
