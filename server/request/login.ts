// From a login's grant to an entity and a token.
import { assert, badRequest } from '#sdk/errors.ts';
import type { AuthBlock, GrantReply } from '#sdk/reply.ts';
import type { Mount } from '../mount/mount.ts';
import { withDefault } from '../token/policy-names.ts';
import { authBlock } from '../token/auth-block.ts';
import type { NewToken } from '../token/entry.ts';
import { calculateTtl, endOf } from '../token/ttl.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Running } from './running.ts';
import type { LoginFacts } from './stages.ts';

export interface Admission {
  readonly auth: AuthBlock;
  readonly displayName: string;
  readonly login: LoginFacts;
}

/**
 * @param warnings what the lifetime had to be cut to is added here
 * @throws ClientError 400 for a login that would give the policy root
 */
export function admitLogin(
  { node, transaction, verdict }: Running,
  grant: GrantReply,
  warnings: string[],
): Admission {
  const { arrived, mount } = verdict.known.admitted;
  assert(mount !== undefined, 'a login is handled by a mount');
  const policies = withDefault(grant.policies, grant.token.noDefaultPolicy);
  if (policies.includes('root')) throw badRequest('auth methods cannot create root tokens');
  const { entity, isNew } = node.entities.ofLogin(transaction, {
    name: grant.alias,
    mountAccessor: mount.entry.accessor,
    mountType: mount.entry.type,
    metadata: grant.metadata,
  });
  const terms = termsOf(node, grant, mount, warnings);
  const made = node.tokens.create(transaction, {
    ...terms,
    parent: '',
    policies,
    path: arrived.path,
    displayName: displayNameOf(mount, grant),
    metadata: grant.metadata,
    entityId: entity.id,
    role: '',
    noIdentityPolicies: false,
    internal: grant.internal,
    wrapping: undefined,
  });
  const auth = authBlock(made, terms.creationTtl);
  const { noDefaultPolicy } = grant.token;
  const login = { auth, noDefaultPolicy, isNewEntity: isNew };
  return { auth, displayName: made.entry.displayName, login };
}

type Terms = Pick<
  NewToken,
  | 'type'
  | 'numUses'
  | 'createdAt'
  | 'creationTtl'
  | 'renewedAt'
  | 'expiresAt'
  | 'explicitMaxTtl'
  | 'period'
  | 'isRenewable'
  | 'boundCidrs'
>;

/** How long the token of a login lives, and how often and from where it may be used. */
function termsOf(node: Unsealed, { token }: GrantReply, mount: Mount, warnings: string[]): Terms {
  const now = node.clock.now();
  const result = calculateTtl({ ...token, increment: token.ttl, start: now, now }, mount.facts);
  assert(result !== undefined, 'what begins now has not reached its end');
  warnings.push(...result.warnings);
  const type = tokenTypeOf(token.type, mount.entry.config.token_type);
  // The mount may be tuned to batch tokens after the user was given a limit that they cannot keep.
  if (type === 'batch' && token.numUses !== 0) {
    throw badRequest('batch tokens cannot have "num_uses" set');
  }
  return {
    type,
    numUses: token.numUses,
    createdAt: now,
    creationTtl: result.ttl,
    renewedAt: undefined,
    expiresAt: endOf(now, result.ttl),
    explicitMaxTtl: token.explicitMaxTtl,
    period: token.period,
    isRenewable: type === 'service',
    boundCidrs: token.boundCidrs,
  };
}

/** The mount decides where the user does not; `service` and `batch` of a mount cannot be overruled. */
function tokenTypeOf(asked: string, tuned: string | undefined): 'service' | 'batch' {
  if (tuned === 'service' || tuned === 'batch') return tuned;
  const wanted = asked === 'default' ? (tuned ?? 'default-service') : asked;
  return wanted === 'batch' || wanted === 'default-batch' ? 'batch' : 'service';
}

/** The mount's path within auth/, then the caller's own name: `userpass-ann`. */
function displayNameOf({ entry }: Mount, { displayName }: GrantReply): string {
  const source = entry.path.replace(/^auth\//, '').replaceAll('/', '-');
  return (source + displayName).replace(/-$/, '');
}
