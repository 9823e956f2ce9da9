// From the verdict to the answer: the engine does its work, a login becomes a token, a credential a lease, and an answer
// that is to be wrapped a wrapping token. What a failed handler wrote is taken back; the use of a token is not.
import type { Call } from '#sdk/call.ts';
import { badRequest, ClientError, unsupportedOperation, unsupportedPath } from '#sdk/errors.ts';
import { decodeData } from '#sdk/path.ts';
import type { Reply } from '#sdk/reply.ts';
import { isLostLeadership } from '#storage/cluster-storage.ts';
import { InvalidKeyError } from '#storage/key.ts';
import { ConflictError } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { viewOf } from '#storage/view.ts';
import { describeHelp } from '../mount/describe.ts';
import type { System } from '../sys/system.ts';
import { USES_SPENT } from '../token/entry.ts';
import type { Unsealed } from '../unsealed.ts';
import { makeAnswer } from './answer.ts';
import type { Running } from './running.ts';
import type { Authorized, Finished, Outcome, Verdict } from './stages.ts';
import { cubbyholeWarning, wrapAnswer } from './wrapping.ts';

type Afterwards = System['afterwards'];

export async function finish(
  node: Unsealed,
  transaction: Transaction,
  verdict: Verdict,
  afterwards: Afterwards,
): Promise<Finished> {
  const outcome = await produce(node, transaction, verdict, afterwards);
  const { token } = verdict.known;
  if (token?.numUses !== USES_SPENT) return { stage: 'finished', verdict, outcome };
  endLastUse(node, transaction, token.key);
  return { stage: 'finished', verdict, outcome: withoutLease(outcome) };
}

/** What was leased on the last use of a token ends with the token: the caller is told, and gets nothing that is dead. */
function withoutLease(outcome: Outcome): Outcome {
  const id = outcome.type === 'answer' ? (outcome.answer.lease?.lease_id ?? '') : '';
  return id === '' ? outcome : { type: 'error', error: badRequest(LEASED_ON_LAST_USE) };
}

const LEASED_ON_LAST_USE =
  'Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.';

async function produce(
  node: Unsealed,
  transaction: Transaction,
  verdict: Verdict,
  afterwards: Afterwards,
): Promise<Outcome> {
  if (verdict.stage === 'denied') return { type: 'error', error: verdict.reason };
  const before = transaction.mark();
  try {
    const warnings: string[] = [];
    const running: Running = { node, transaction, verdict };
    const reply = await route(running, { warnings, afterwards });
    if (reply === undefined) return { type: 'done' };
    const warning = cubbyholeWarning(verdict.known);
    if (warning !== undefined) warnings.push(warning);
    const answer = makeAnswer(running, reply, warnings);
    return { type: 'answer', answer: wrapAnswer(running, answer, reply) };
  } catch (error) {
    if (error instanceof ConflictError || isLostLeadership(error)) throw error;
    transaction.rollback(before);
    if (error instanceof InvalidKeyError) {
      return { type: 'error', error: badRequest(error.message) };
    }
    if (!(error instanceof ClientError)) logFailure(node, verdict, error);
    return { type: 'error', error };
  }
}

interface Sinks {
  readonly warnings: string[];
  readonly afterwards: Afterwards;
}

/** Calls the handler of the declared path. */
function route(
  { node, transaction, verdict }: Running,
  { warnings, afterwards }: Sinks,
): Reply | undefined | Promise<Reply | undefined> {
  const { known } = verdict;
  const { arrived, mount, target, relativePath } = known.admitted;
  if (mount === undefined) {
    throw new ClientError(404, `no handler for route "${arrived.path}". route entry not found.`);
  }
  if (arrived.verb === 'help') return describeHelp(mount, target, relativePath);
  if (target === undefined) throw unsupportedPath();
  const { path, captures } = target;
  const operation = path.operations[arrived.verb];
  if (operation === undefined) throw unsupportedOperation();
  const decoded = decodeData(path, arrived.verb, captures, arrived.parameters);
  warnings.push(...decoded.warnings);
  const system: System = { services: node, transaction, known, afterwards };
  const call: Call<unknown, Readonly<Record<string, unknown>>> = {
    engine: mount.isSystem ? system : mount.instance,
    storage: viewOf(transaction, mount.storagePrefix),
    mount: mount.facts,
    caller: {
      displayName: known.token?.displayName ?? '',
      entityId: known.token?.entityId ?? '',
      policies: known.policies,
      cubbyhole: known.token?.type === 'service' ? known.token.key : undefined,
    },
    request: {
      id: arrived.id,
      path: relativePath,
      verb: arrived.verb,
      remoteAddress: arrived.remoteAddress,
    },
    clock: node.clock,
    warn: (message) => void warnings.push(message),
    data: decoded.data,
    parameters: arrived.parameters,
  };
  return operation.handler(call);
}

/** A token whose last use this was ends with the request, unless the request itself has ended it. */
function endLastUse(node: Unsealed, transaction: Transaction, key: string): void {
  const entry = node.tokens.record(transaction, key);
  if (entry !== undefined) node.tokens.revokeTree(transaction, entry);
}

function logFailure(node: Unsealed, verdict: Authorized, error: unknown): void {
  const { arrived } = verdict.known.admitted;
  node.log.error('a request failed', {
    request_id: arrived.id,
    path: arrived.path,
    error: error instanceof Error ? (error.stack ?? error.message) : 'not an error',
  });
}
