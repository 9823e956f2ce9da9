// What both entries of a request say: who asks, and for what.
import type { Mount, Target } from '../mount/mount.ts';
import { serialNumberOf } from '../request/client-certificate.ts';
import type { Verdict } from '../request/stages.ts';
import { USES_SPENT, type TokenEntry } from '../token/entry.ts';
import { Concealed, Payload, SharedSection } from './concealed.ts';
import { auditedHeaders, type HeaderTable } from './headers.ts';
import { requestMount } from './mount.ts';
import { filled, filledMap, NAMESPACE, type Part } from './part.ts';
import type { TokenFacts, TokenFactsCache } from './token-facts.ts';

export interface Asked {
  readonly auth: SharedSection;
  readonly request: SharedSection;
}

export function askedPart(verdict: Verdict, headers: HeaderTable, cache: TokenFactsCache): Asked {
  const { token, admitted } = verdict.known;
  const facts = token && cache.of(token);
  const sent = admitted.arrived.token;
  // What was sent as a token stands there hashed, whether it holds or not.
  const clientToken = sent ? new Concealed('token', sent, facts?.owner) : undefined;
  return {
    auth: new SharedSection({
      accessor: facts?.accessor,
      client_token: token && clientToken,
      ...authPart(verdict, facts),
    }),
    request: new SharedSection({
      client_id: facts?.clientId,
      client_token: clientToken,
      client_token_accessor: facts?.accessor,
      ...requestPart(verdict, headers),
    }),
  };
}

function authPart(verdict: Verdict, facts: TokenFacts | undefined): Part {
  const { token, refusal, identityPolicies, policies } = verdict.known;
  const results = refusal === undefined || token !== undefined ? policyResults(verdict) : undefined;
  if (token === undefined) return { policy_results: results, token_type: 'default' };
  return {
    display_name: token.displayName || undefined,
    entity_id: token.entityId || undefined,
    identity_policies: filled(identityPolicies),
    metadata: filledMap(token.metadata),
    policies: filled(withIdentity(policies, identityPolicies)),
    policy_results: results,
    remaining_uses: usesBefore(token, verdict.known.admitted.target),
    token_policies: filled(token.policies),
    token_issue_time: facts?.issueTime,
    token_ttl: token.creationTtl || undefined,
    token_type: token.type,
  };
}

/** All of them once, in order. */
function withIdentity(own: readonly string[], identity: readonly string[]): readonly string[] {
  return identity.length === 0 ? own : [...new Set([...own, ...identity])].toSorted();
}

function policyResults({ stage, grantedBy }: Verdict): Part {
  const policies = grantedBy.map((name) => ({ name, namespace_id: NAMESPACE.id, type: 'acl' }));
  return { allowed: stage === 'authorized', granting_policies: filled(policies) };
}

function requestPart({ known, operation }: Verdict, headers: HeaderTable): Part {
  const { arrived, mount } = known.admitted;
  return {
    client_certificate_serial_number: serialNumberOf(arrived.certificate),
    data: parametersPart(arrived.parameters, mount),
    headers: auditedHeaders(arrived.headers, headers),
    id: arrived.id,
    ...(mount && requestMount(mount)),
    namespace: NAMESPACE,
    operation,
    path: arrived.path,
    remote_address: arrived.remoteAddress || undefined,
    remote_port: arrived.remotePort || undefined,
    wrap_ttl: arrived.wrap?.ttl,
  };
}

function parametersPart(
  parameters: Readonly<Record<string, unknown>>,
  mount: Mount | undefined,
): Payload | undefined {
  if (Object.keys(parameters).length === 0) return undefined;
  return new Payload(parameters, mount?.entry.config.audit_non_hmac_request_keys ?? []);
}

/** How often the token could be used before this request, which has been counted already where it counts. */
function usesBefore({ numUses }: TokenEntry, target: Target | undefined): number | undefined {
  if (numUses === 0) return undefined;
  if (target?.path.access === 'public') return numUses;
  return numUses === USES_SPENT ? 1 : numUses + 1;
}
