// A token as an answer hands it out.
import type { Seconds } from '#sdk/duration.ts';
import type { AuthBlock } from '#sdk/reply.ts';
import type { MadeToken } from './store.ts';

/** @param lifetime from now on; 0 for a token without end */
export function authBlock({ token, entry }: MadeToken, lifetime: Seconds): AuthBlock {
  return {
    client_token: token,
    accessor: entry.accessor,
    policies: entry.policies,
    ...(entry.policies.length === 0 ? {} : { token_policies: entry.policies }),
    metadata: entry.metadata,
    lease_duration: lifetime,
    renewable: entry.isRenewable && entry.expiresAt !== undefined,
    entity_id: entry.entityId,
    token_type: entry.type,
    orphan: entry.parent === '',
    mfa_requirement: null,
    num_uses: entry.numUses,
  };
}
