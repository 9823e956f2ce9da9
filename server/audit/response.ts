// The part of an entry that says what was answered.
import { ClientError } from '#sdk/errors.ts';
import type { AuthBlock } from '#sdk/reply.ts';
import { envelope } from '../http/render.ts';
import type { Mount } from '../mount/mount.ts';
import type { Answer, LeaseBlock, Outcome, Verdict, WrapInfo } from '../request/stages.ts';
import { responseMount } from './mount.ts';
import { Concealed, Payload, Section } from './concealed.ts';
import { filled, filledMap, type Part } from './part.ts';

export function responsePart(verdict: Verdict, outcome: Outcome): Part {
  const { mount, arrived } = verdict.known.admitted;
  const answer = outcome.type === 'answer' ? outcome.answer : undefined;
  const data = outcome.type === 'error' ? errorData(outcome.error) : answerData(answer, arrived.id);
  return {
    auth: answer?.auth === undefined ? undefined : grantedAuth(answer, answer.auth),
    data: data && new Payload(data, clearKeys(mount), verdict.operation === 'list'),
    headers: headerLists(answer),
    ...(mount && responseMount(mount)),
    secret: answer?.lease && secretPart(answer.lease),
    warnings: filled(answer?.warnings),
    wrap_info: answer?.wrapInfo && wrapPart(answer.wrapInfo),
  };
}

/** The token that a login made stands for who asked, too: a login has no other. */
export function loginSection(outcome: Outcome): Section | undefined {
  if (outcome.type !== 'answer' || outcome.answer.login === undefined) return undefined;
  return grantedAuth(outcome.answer, outcome.answer.login.auth);
}

function grantedAuth({ displayName, login }: Answer, auth: AuthBlock): Section {
  return new Section({
    accessor: auth.accessor === '' ? undefined : new Concealed('accessor', auth.accessor),
    client_token: new Concealed('token', auth.client_token),
    display_name: displayName || undefined,
    entity_created: login?.isNewEntity === true || undefined,
    entity_id: auth.entity_id || undefined,
    identity_policies: filled(auth.identity_policies),
    metadata: filledMap(auth.metadata),
    no_default_policy: login?.noDefaultPolicy === true || undefined,
    num_uses: auth.num_uses || undefined,
    policies: filled(auth.policies),
    token_policies: filled(auth.token_policies),
    token_ttl: auth.lease_duration || undefined,
    token_type: auth.token_type,
  });
}

function clearKeys(mount: Mount | undefined): readonly string[] {
  return mount?.entry.config.audit_non_hmac_response_keys ?? [];
}

type Data = Readonly<Record<string, unknown>>;

function answerData(answer: Answer | undefined, requestId: string): Data | undefined {
  // What is wrapped stands in the cubbyhole; its own entry is written when it is unwrapped.
  if (answer === undefined || answer.wrapInfo !== undefined) return undefined;
  if (answer.raw !== undefined) {
    const { body, contentType, status } = answer.raw;
    return rawData(
      typeof body === 'string' ? body : Buffer.from(body).toString(),
      contentType,
      status,
    );
  }
  if (answer.stream !== undefined) {
    return { http_content_type: answer.stream.contentType, http_status_code: answer.status };
  }
  if (answer.data === null) return undefined;
  return answer.status === 200
    ? answer.data
    : rawData(JSON.stringify(envelope(answer, requestId)), 'application/json', answer.status);
}

/** An answer that has a status or a form of its own is one text, which is hashed whole. */
function rawData(body: string, contentType: string, status: number): Data {
  return { http_content_type: contentType, http_raw_body: body, http_status_code: status };
}

/** Messages may hold what was sent, so they stand hashed like any data. */
function errorData(error: unknown): Data | undefined {
  const messages = error instanceof ClientError ? error.errors : ['internal error'];
  return messages.length === 0 ? undefined : { error: messages.join('; ') };
}

function secretPart({ lease_id }: LeaseBlock): Section {
  return new Section({ lease_id: lease_id || undefined });
}

function wrapPart(wrap: WrapInfo): Section {
  const inner = wrap.wrapped_accessor;
  return new Section({
    accessor: new Concealed('accessor', wrap.accessor),
    creation_path: wrap.creation_path,
    creation_time: wrap.creation_time,
    token: new Concealed('token', wrap.token),
    ttl: wrap.ttl,
    wrapped_accessor:
      inner === undefined || inner === '' ? undefined : new Concealed('accessor', inner),
  });
}

function headerLists(answer: Answer | undefined): Part | undefined {
  const headers = filledMap(answer?.headers);
  if (headers === undefined) return undefined;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}
