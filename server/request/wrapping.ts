// An answer put into the cubbyhole of a token made for it, and the token handed out in its place.
import { formatTime } from '#sdk/clock.ts';
import { sortKeys } from '#sdk/json.ts';
import type { Reply } from '#sdk/reply.ts';
import type { Transaction } from '#storage/transaction.ts';
import { envelope } from '../http/render.ts';
import { cubbyholeOf as prefixOf } from '../mount/cubbyhole.ts';
import type { WrappedBy } from '../token/entry.ts';
import { BARE_TOKEN, type MadeToken } from '../token/store.ts';
import { endOf } from '../token/ttl.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Running } from './running.ts';
import type { Answer, Known, WrapInfo } from './stages.ts';
import { makeWrappingJwt } from './wrapping-jwt.ts';

/** The policy of a wrapping token: it opens its wrapping, and nothing else. */
const WRAPPING_POLICY = 'response-wrapping';
/** The name of the wrapped answer in the token's cubbyhole. */
export const RESPONSE_KEY = 'response';

/** What stands in the cubbyhole of a wrapping token. */
export interface WrappedResponse {
  /** The whole answer as JSON text, as the client would have got it. */
  readonly response: string;
}

/** The answer itself, or a wrapping token for it where the request asks for one. Only what has content is wrapped. */
export function wrapAnswer(
  { node, transaction, verdict }: Running,
  answer: Answer,
  reply: Reply,
): Answer {
  const { arrived } = verdict.known.admitted;
  if (arrived.verb === 'help' || reply.kind === 'stream') return answer;
  const asked = arrived.wrap && { creationPath: arrived.path, ttl: arrived.wrap.ttl };
  const wrapping = (reply.kind === 'raw' ? reply.wrapAs : undefined) ?? asked;
  if (wrapping === undefined || answer.status !== 200) return answer;
  const made = makeWrappingToken(node, transaction, arrived.path, wrapping);
  const response: WrappedResponse = { response: wholeText(answer, arrived.id) };
  transaction.put(cubbyholeOf(node, transaction, made.entry.key) + RESPONSE_KEY, response);
  return {
    ...answer,
    data: null,
    lease: undefined,
    auth: undefined,
    raw: undefined,
    headers: {},
    isFlat: false,
    wrapInfo: {
      ...wrapInfo(made, answer, wrapping),
      ...(arrived.wrap?.format === 'jwt' ? { token: asJwt(node, transaction, made) } : {}),
    },
  };
}

/** What Vault says of an answer that a wrapping token read for itself, unchecked. */
export function cubbyholeWarning({ token, admitted: { arrived } }: Known): string | undefined {
  const isMeant = token?.wrapping !== undefined && arrived.path === `cubbyhole/${RESPONSE_KEY}`;
  if (!isMeant) return undefined;
  return "Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap responses, as it provides additional security checks and other benefits.";
}

function asJwt({ node }: Unsealed, transaction: Transaction, { token, entry }: MadeToken): string {
  const facts = { token, address: node.apiAddress, at: entry.createdAt, ttl: entry.creationTtl };
  return makeWrappingJwt(transaction, facts);
}

function wholeText(answer: Answer, requestId: string): string {
  if (answer.raw !== undefined) return Buffer.from(answer.raw.body).toString();
  return JSON.stringify(sortData(envelope({ ...answer, isFlat: false }, requestId)));
}

const sortData = (whole: Readonly<Record<string, unknown>>): object => ({
  ...whole,
  data: sortKeys(whole['data']),
});

function makeWrappingToken(
  { tokens, clock }: Unsealed,
  transaction: Transaction,
  path: string,
  wrapping: WrappedBy,
): MadeToken {
  const { ttl } = wrapping;
  const now = clock.now();
  return tokens.create(transaction, {
    ...BARE_TOKEN,
    policies: [WRAPPING_POLICY],
    path,
    numUses: 1,
    createdAt: now,
    creationTtl: ttl,
    expiresAt: endOf(now, ttl),
    explicitMaxTtl: ttl,
    wrapping,
  });
}

/** The prefix of a token's own storage. */
export function cubbyholeOf(node: Unsealed, transaction: Transaction, tokenKey: string): string {
  return prefixOf(node.mounts, transaction, tokenKey);
}

function wrapInfo(
  { token, entry }: MadeToken,
  { auth }: Answer,
  { creationPath, ttl }: WrappedBy,
): WrapInfo {
  return {
    token,
    accessor: entry.accessor,
    ttl,
    creation_time: formatTime(entry.createdAt),
    creation_path: creationPath,
    ...(auth === undefined || auth.accessor === '' ? {} : { wrapped_accessor: auth.accessor }),
  };
}
