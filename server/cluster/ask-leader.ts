// One question to the API of another node, before there is anything between the two but an address.
import { lookup } from 'node:dns/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { millis, type Clock } from '#sdk/clock.ts';
import { isJsonObject, parseJson } from '#sdk/json.ts';
import type { Leader } from './leader.ts';

/** The data of the answer to `body` at a path below `/v1/`; fails unless the answer is one. */
export type Ask = (leader: Leader, path: string, body: object) => Promise<Facts>;

type Facts = Readonly<Record<string, unknown>>;

/** The other node answers something else than what was asked for. */
export class LeaderError extends Error {
  override readonly name = 'LeaderError';
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  constructor(message: string, status = 0, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

const ANSWER_LIMIT_MS = 10_000;
/** Peers and certificates are far less. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Of what another server says went wrong; it is shown to whoever asked here. */
const MAX_ERROR_LENGTH = 200;
/** A name that stands for a whole cluster has as many addresses as that has nodes. */
const MAX_ADDRESSES = 16;
/** From a standby that does not forward to the active node. */
const MAX_REDIRECTS = 2;

export function makeAsk(clock: Clock): Ask {
  return async (leader, path, body) => {
    const url = new URL(`/v1/${path}`, leader.apiAddress);
    const failures: Error[] = [];
    for (const address of await addressesOf(url.hostname)) {
      try {
        return await exchange({ clock, leader, body, address }, url, MAX_REDIRECTS);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failures.push(error); // another node may be behind the same name
      }
    }
    const [first] = failures;
    throw first ?? new LeaderError('the name has no address');
  };
}

/** The first as the system has it; all of them, because any may be the one that knows. */
async function addressesOf(hostname: string): Promise<readonly string[]> {
  const name = hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0) return [name];
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address).slice(0, MAX_ADDRESSES);
}

interface Question {
  readonly clock: Clock;
  readonly leader: Leader;
  readonly body: object;
  /** Where to connect; `undefined` behind a redirect, which names a single node. */
  readonly address: string | undefined;
}

async function exchange(question: Question, url: URL, redirects: number): Promise<Facts> {
  const { status, location, text } = await post(question, url);
  if (status === 307 && location !== undefined && redirects > 0) {
    const next = new URL(location, url);
    if (next.protocol !== 'https:' && next.protocol !== url.protocol) {
      throw new LeaderError('the answer leads to a connection without TLS', status);
    }
    return exchange({ ...question, address: undefined }, next, redirects - 1);
  }
  const answer = parse(text);
  if (status === 200 && isJsonObject(answer) && isJsonObject(answer['data'])) return answer['data'];
  throw new LeaderError(errorsOf(answer) || `the answer has the status ${status}`, status);
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function errorsOf(answer: unknown): string {
  const errors = isJsonObject(answer) ? answer['errors'] : undefined;
  const text = Array.isArray(errors) ? errors.map(String).join('; ') : '';
  return text.slice(0, MAX_ERROR_LENGTH);
}

interface Posted {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

function post({ clock, leader, body, address }: Question, url: URL): Promise<Posted> {
  const { promise, resolve, reject } = Promise.withResolvers<Posted>();
  const bytes = Buffer.from(JSON.stringify(body));
  const options = {
    method: 'PUT',
    agent: false,
    ...(address === undefined ? {} : { host: address }),
    headers: {
      Host: url.host,
      'Content-Type': 'application/json',
      'Content-Length': bytes.length,
      'X-Vault-Request': 'true',
    },
  };
  const request =
    url.protocol === 'https:'
      ? https.request(url, { ...options, ...tlsOptions(leader, url) })
      : http.request(url, options);
  const cancel = clock.after(millis(ANSWER_LIMIT_MS), () =>
    request.destroy(new LeaderError('no answer came in time')),
  );
  request.once('close', cancel);
  request.on('error', reject);
  request.once('response', (response) => {
    readAll(response).then(
      (text) =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, text }),
      reject,
    );
  });
  request.end(bytes);
  return promise;
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new LeaderError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function tlsOptions({ ca, cert, key, serverName }: Leader, url: URL): https.RequestOptions {
  const name = serverName === '' ? url.hostname.replace(/^\[|\]$/g, '') : serverName;
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === '' ? {} : { ca }),
    ...(cert === '' ? {} : { cert, key }),
  };
}
