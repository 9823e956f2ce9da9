// What the log says of a request: one entry before the operation runs and one before anything leaves. Names and
// order are Vault's: the time first, everything else by name. https://developer.hashicorp.com/vault/docs/audit/schema
import { createHash } from 'node:crypto';
import { formatTime, millis, type Millis } from '#sdk/clock.ts';
import type { Mount } from '../mount/mount.ts';
import type { Finished, Known, Verdict } from '../request/stages.ts';
import { USES_SPENT, type TokenEntry } from '../token/entry.ts';
import { Concealed, Payload, Section } from './concealed.ts';
import { errorText } from './failure.ts';
import { auditedHeaders, type HeaderTable } from './headers.ts';
import { requestMount } from './mount.ts';
import { filled, filledMap, type Part } from './part.ts';
import { loginSection, responsePart } from './response.ts';

/** What both entries of a request say. */
export interface Asked {
  readonly auth: Section;
  readonly request: Section;
}

/** The community edition has one namespace. */
const NAMESPACE = { id: 'root' } as const;

export function askedPart(verdict: Verdict, headers: HeaderTable): Asked {
  return {
    auth: new Section(authPart(verdict)),
    request: new Section(requestPart(verdict, headers)),
  };
}

export function requestEntry(verdict: Verdict, asked: Asked, now: Millis): Part {
  return {
    time: formatTime(now),
    auth: asked.auth,
    error: errorText(verdict),
    request: asked.request,
    type: 'request',
  };
}

export function responseEntry({ verdict, outcome }: Finished, asked: Asked, now: Millis): Part {
  return {
    time: formatTime(now),
    auth: loginSection(outcome) ?? asked.auth,
    error: errorText(verdict, outcome),
    request: asked.request,
    response: new Section(responsePart(verdict, outcome)),
    type: 'response',
  };
}

/** What a new device writes first, so that one that cannot write is not enabled. */
export function testEntry(id: string, now: Millis): Part {
  return {
    time: formatTime(now),
    auth: new Section({ token_type: 'default' }),
    request: new Section({
      id,
      namespace: NAMESPACE,
      operation: 'update',
      path: 'sys/audit/test',
    }),
    type: 'request',
  };
}

function authPart({ known, stage, grantedBy }: Verdict): Part {
  const { token, refusal } = known;
  const results = {
    allowed: stage === 'authorized',
    granting_policies: filled(
      grantedBy.map((name) => ({ name, namespace_id: 'root', type: 'acl' })),
    ),
  };
  if (token === undefined) {
    return {
      policy_results: refusal === undefined ? results : undefined,
      token_type: 'default',
    };
  }
  return {
    accessor: accessorOf(token),
    client_token: clientToken(known),
    display_name: token.displayName || undefined,
    entity_id: token.entityId || undefined,
    identity_policies: filled(known.identityPolicies),
    metadata: filledMap(token.metadata),
    policies: filled(known.policies),
    policy_results: results,
    remaining_uses: usesBefore(token),
    token_policies: filled(token.policies),
    token_issue_time: formatTime(millis(Math.floor(token.createdAt / 1000) * 1000)),
    token_ttl: token.creationTtl || undefined,
    token_type: token.type,
  };
}

function requestPart({ known, operation }: Verdict, headers: HeaderTable): Part {
  const { arrived, mount } = known.admitted;
  return {
    client_id: known.token === undefined ? undefined : clientId(known.token),
    client_token: clientToken(known),
    client_token_accessor: known.token === undefined ? undefined : accessorOf(known.token),
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

/** What was sent as a token, whether it holds or not. */
function clientToken({ admitted, token }: Known): Concealed | undefined {
  const sent = admitted.arrived.token;
  return sent === undefined || sent === ''
    ? undefined
    : new Concealed('token', sent, ownerOf(token));
}

/** A wrapping token also has the form of a JWT: its record does not stand for one text. */
function ownerOf(token: TokenEntry | undefined): TokenEntry | undefined {
  return token?.wrapping === undefined ? token : undefined;
}

function accessorOf(token: TokenEntry): Concealed | undefined {
  return token.accessor === ''
    ? undefined
    : new Concealed('accessor', token.accessor, ownerOf(token));
}

/** How often the token could be used before this request, which has been counted already. */
function usesBefore({ numUses }: TokenEntry): number | undefined {
  if (numUses === 0) return undefined;
  return numUses === USES_SPENT ? 1 : numUses + 1;
}

/** Whom a request counts for: an entity, or all tokens with the same policies. */
function clientId(token: TokenEntry): string {
  if (token.entityId !== '') return token.entityId;
  const policies = token.policies.toSorted().join('\x7f');
  return createHash('sha256').update(`${policies}\0${NAMESPACE.id}`).digest('base64');
}
