// The end of a request becomes Vault's JSON and status; so does anything thrown.
import { ClientError, oneError } from '#sdk/errors.ts';
import type { Readable } from 'node:stream';
import type { RawReply, StreamReply } from '#sdk/reply.ts';
import { isOpenToAll } from '../request/open.ts';
import type { Answer, Finished } from '../request/stages.ts';

/** What goes out: bytes and headers, nothing to decide any more. */
export interface Rendered {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string | Uint8Array | Readable | undefined;
  /** Where the body comes from, as long as it has not been opened. */
  readonly stream?: StreamReply;
  readonly headers: Readonly<Record<string, string>>;
}

export const JSON_TYPE = 'application/json';
const NO_HEADERS: Readonly<Record<string, string>> = {};
export const NO_CONTENT: Rendered = {
  status: 204,
  contentType: undefined,
  body: undefined,
  headers: NO_HEADERS,
};

export function renderFinished({ verdict, outcome }: Finished): Rendered {
  const { arrived } = verdict.known.admitted;
  if (outcome.type === 'answer') return renderAnswer(outcome.answer, arrived.id);
  if (outcome.type === 'error') {
    return renderError(
      outcome.error,
      !isOpenToAll(verdict.known.admitted) && verdict.known.refusal === undefined,
    );
  }
  const isQuestion = arrived.verb === 'read' || arrived.verb === 'list' || arrived.verb === 'help';
  return isQuestion ? renderError(new ClientError(404, []), false) : NO_CONTENT;
}

export function renderRaw(
  { status, contentType, body }: RawReply,
  headers: Rendered['headers'] = NO_HEADERS,
): Rendered {
  return { status, contentType, body, headers };
}

export function renderAnswer(answer: Answer, requestId: string): Rendered {
  const { raw, stream, status, headers } = answer;
  if (raw !== undefined) return renderRaw(raw, headers);
  if (stream !== undefined) {
    return { status, contentType: stream.contentType, body: undefined, headers, stream };
  }
  const body = `${JSON.stringify(envelope(answer, requestId))}\n`;
  return { status, contentType: JSON_TYPE, body, headers };
}

/** Vault's envelope of an answer, in the order in which Vault prints it. */
export function envelope(
  { data, lease, auth, wrapInfo, warnings, isFlat }: Answer,
  requestId: string,
): Readonly<Record<string, unknown>> {
  const parts = {
    request_id: wrapInfo === undefined ? requestId : '',
    lease_id: lease?.lease_id ?? '',
    renewable: lease?.renewable ?? false,
    lease_duration: lease?.lease_duration ?? 0,
    data,
    wrap_info: wrapInfo ?? null,
    // Those of a wrapped answer are inside; audit has them too.
    warnings: wrapInfo !== undefined || warnings.length === 0 ? null : warnings,
    auth: auth ?? null,
  };
  return isFlat && data !== null && wrapInfo === undefined ? { ...data, ...parts } : parts;
}

/** @param isCollected whether the path is one on which Vault collects errors */
export function renderError(error: unknown, isCollected: boolean): Rendered {
  const { status, errors } = describeError(error, isCollected);
  const body = `${JSON.stringify({ errors })}\n`;
  return { status, contentType: JSON_TYPE, body, headers: NO_HEADERS };
}

/** What a client may know of an error. Whatever is not meant for clients is an internal error to them. */
export function describeError(
  error: unknown,
  isCollected: boolean,
): { readonly status: number; readonly errors: readonly string[] } {
  if (error instanceof ClientError) {
    const errors = error.isCollected && isCollected ? error.errors.map(oneError) : error.errors;
    return { status: error.status, errors };
  }
  return { status: 500, errors: ['internal error'] };
}

/** A JSON answer outside of the envelope (health, seal status and their like). */
export function renderPlain(status: number, value: Readonly<Record<string, unknown>>): Rendered {
  return {
    status,
    contentType: JSON_TYPE,
    body: `${JSON.stringify(value)}\n`,
    headers: NO_HEADERS,
  };
}

/** Vault's router sends a read to the clean path with a line of HTML; other verbs get no body. */
export function renderRedirect(location: string, method: string): Rendered {
  const isRead = method === 'GET' || method === 'HEAD';
  return {
    status: 301,
    contentType: isRead ? 'text/html; charset=utf-8' : undefined,
    body: isRead ? '<a href="/">Moved Permanently</a>.\n' : undefined,
    headers: { Location: location },
  };
}
