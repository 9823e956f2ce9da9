// The decision on a request. Only this file makes an Authorized, so that nothing reaches an engine without one.
import { ClientError } from '#sdk/errors.ts';
import { viewOf } from '#storage/view.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { Entity } from '../identity/entities.ts';
import { isOpenToAll } from '../request/open.ts';
import type { Known, OperationName, Verdict } from '../request/stages.ts';
import type { Unsealed } from '../unsealed.ts';

/** Decides, and never throws: a refusal goes on record like anything else. */
export function judge(node: Unsealed, transaction: Transaction, known: Known): Verdict {
  const { arrived, target } = known.admitted;
  const operation = operationOf(transaction, known);
  if (known.refusal !== undefined) {
    return { stage: 'denied', known, operation, grantedBy: [], reason: known.refusal };
  }
  if (isOpenToAll(known.admitted)) {
    return { stage: 'authorized', known, operation, grantedBy: [] };
  }
  const acl = node.policies.aclOf(transaction, known.policies, entityOf(node, transaction, known));
  const decision = acl.decide({
    operation,
    path: arrived.path,
    data: arrived.parameters,
    wrapTtlSeconds: arrived.wrap?.ttl,
    isSudoPath: target?.path.access === 'sudo',
  });
  const grantedBy = decision.grantingPolicies.map(({ name }) => name);
  if (decision.allowed) return { stage: 'authorized', known, operation, grantedBy };
  const reason = new ClientError(403, 'permission denied', { isCollected: true });
  return { stage: 'denied', known, operation, grantedBy: [], reason };
}

function entityOf(node: Unsealed, transaction: Transaction, { token }: Known): Entity | undefined {
  const id = token?.entityId ?? '';
  return id === '' ? undefined : node.entities.find(transaction, id);
}

/** A write creates or updates, depending on what is there; a path that does not tell always updates. */
function operationOf(transaction: Transaction, { admitted }: Known): OperationName {
  const { arrived, target, mount } = admitted;
  if (arrived.verb !== 'write') return arrived.verb;
  const exists = target?.path.exists;
  if (exists === undefined || mount === undefined || target === undefined) return 'update';
  const storage = viewOf(transaction, mount.storagePrefix);
  const call = { engine: mount.instance, storage, data: target.captures };
  return exists(call) ? 'update' : 'create';
}
