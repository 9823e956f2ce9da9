// An answer put into the cubbyhole of a token made for it, and the token handed out in its place.
import { formatTime } from '#sdk/clock.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import { sortKeys } from '#sdk/json.ts';
import type { Reply } from '#sdk/reply.ts';
import type { Transaction } from '#storage/transaction.ts';
import { envelope } from '../http/render.ts';
import { cubbyholeOf as prefixOf } from '../mount/cubbyhole.ts';
import type { MadeToken } from '../token/store.ts';
import { endOf } from '../token/ttl.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Running } from './running.ts';
import type { Answer, WrapInfo } from './stages.ts';

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
  const ttl = (reply.kind === 'raw' ? reply.wrapTtl : undefined) ?? arrived.wrap?.ttl;
  if (ttl === undefined || answer.status !== 200) return answer;
  const made = makeWrappingToken(node, transaction, arrived.path, ttl);
  const response: WrappedResponse = { response: wholeText(answer, arrived.id) };
  transaction.put(cubbyholeOf(node, transaction, made.entry.key) + RESPONSE_KEY, response);
  return {
    ...answer,
    data: null,
    lease: undefined,
    auth: undefined,
    warnings: [],
    raw: undefined,
    headers: {},
    isFlat: false,
    wrapInfo: wrapInfo(made, answer, ttl),
  };
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
  ttl: Seconds,
): MadeToken {
  const now = clock.now();
  return tokens.create(transaction, {
    type: 'service',
    parent: '',
    policies: [WRAPPING_POLICY],
    path,
    displayName: '',
    metadata: null,
    entityId: '',
    numUses: 1,
    createdAt: now,
    creationTtl: ttl,
    renewedAt: undefined,
    expiresAt: endOf(now, ttl),
    explicitMaxTtl: ttl,
    period: seconds(0),
    isRenewable: false,
    boundCidrs: [],
    role: '',
    noIdentityPolicies: false,
    internal: undefined,
    wrapping: { creationPath: path, ttl },
  });
}

/** The prefix of a token's own storage. */
export function cubbyholeOf(node: Unsealed, transaction: Transaction, tokenKey: string): string {
  return prefixOf(node.mounts, transaction, tokenKey);
}

function wrapInfo({ token, entry }: MadeToken, { auth }: Answer, ttl: Seconds): WrapInfo {
  return {
    token,
    accessor: entry.accessor,
    ttl,
    creation_time: formatTime(entry.createdAt),
    creation_path: entry.wrapping?.creationPath ?? entry.path,
    ...(auth === undefined || auth.accessor === '' ? {} : { wrapped_accessor: auth.accessor }),
  };
}
