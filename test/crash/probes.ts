// What a filled store must answer, or name as damaged: never something else, never nothing.
import { isObject } from '#test/conformance/kit/match.ts';
import type { Answer } from '#test/conformance/kit/http.ts';
import { dataOf } from './server.ts';
import type { Call } from './server.ts';

const SECRETS = 24;
const LATE_SECRETS = 6;
const TOKENS = 6;
const USERS = 4;
const POLICIES = 4;
/** Long enough that a secret spans several blocks of the store. */
const LONG_SECRET = 20_000;

/** A read, and what it answered while the store was whole. */
export interface Probe {
  readonly method: string;
  readonly at: string;
  readonly body?: unknown;
  readonly data: string;
}

/** Fills a store with one of everything, and says what to ask afterwards. */
export async function fillStore(call: Call): Promise<readonly Omit<Probe, 'data'>[]> {
  const reads: Omit<Probe, 'data'>[] = [
    { method: 'GET', at: 'sys/mounts' },
    { method: 'GET', at: 'sys/auth' },
    { method: 'GET', at: 'sys/policies/acl?list=true' },
    { method: 'GET', at: 'secret/metadata/app?list=true' },
    { method: 'GET', at: 'auth/userpass/users?list=true' },
    { method: 'GET', at: 'auth/token/accessors?list=true' },
    { method: 'POST', at: 'auth/token/lookup-self' },
  ];
  await must(call, 'POST', 'sys/auth/userpass', { type: 'userpass' });
  for (let n = 0; n < POLICIES; n += 1) {
    const policy = `path "secret/data/p${n}" { capabilities = ["read"] }`;
    await must(call, 'PUT', `sys/policies/acl/p${n}`, { policy });
    reads.push({ method: 'GET', at: `sys/policies/acl/p${n}` });
  }
  for (let n = 0; n < USERS; n += 1) {
    const user = { password: `password ${n}`, token_policies: [`p${n}`] };
    await must(call, 'POST', `auth/userpass/users/u${n}`, user);
    reads.push({ method: 'GET', at: `auth/userpass/users/u${n}` });
  }
  for (let n = 0; n < TOKENS; n += 1) {
    const { body } = await must(call, 'POST', 'auth/token/create', {
      ttl: '24h',
      policies: ['default'],
    });
    const { auth } = body as { auth: { client_token: string; accessor: string } }; // of token/create
    reads.push({ method: 'POST', at: 'auth/token/lookup', body: { token: auth.client_token } });
    reads.push({
      method: 'POST',
      at: 'auth/token/lookup-accessor',
      body: { accessor: auth.accessor },
    });
  }
  for (let n = 0; n < SECRETS; n += 1) reads.push(...(await addSecret(call, `app/s${n}`, n)));
  return reads;
}

/** A few secrets more. */
export async function addLate(call: Call): Promise<readonly Omit<Probe, 'data'>[]> {
  const reads: Omit<Probe, 'data'>[] = [];
  for (let n = 0; n < LATE_SECRETS; n += 1) {
    reads.push(...(await addSecret(call, `late/s${n}`, n)));
  }
  return reads;
}

/** A secret of two versions. */
async function addSecret(
  call: Call,
  path: string,
  n: number,
): Promise<readonly Omit<Probe, 'data'>[]> {
  const value = `value ${n} `.padEnd(n % 8 === 0 ? LONG_SECRET : 40, `${n}`);
  for (const version of [1, 2]) {
    await must(call, 'POST', `secret/data/${path}`, { data: { value, version } });
  }
  return [
    { method: 'GET', at: `secret/data/${path}?version=1` },
    { method: 'GET', at: `secret/data/${path}?version=2` },
    { method: 'GET', at: `secret/metadata/${path}` },
  ];
}

/** Asks each once, of a store that is whole. */
export async function recordProbes(
  call: Call,
  reads: readonly Omit<Probe, 'data'>[],
): Promise<readonly Probe[]> {
  const probes: Probe[] = [];
  for (const read of reads) {
    probes.push({ ...read, data: stable(await must(call, read.method, read.at, read.body)) });
  }
  return probes;
}

export interface Looked {
  /** What is wrong or missing, and was not said to be damaged. */
  readonly wrong: readonly string[];
  /** Reads that were refused with an error of the server. */
  readonly refused: readonly string[];
}

export async function lookAt(call: Call, probes: readonly Probe[]): Promise<Looked> {
  const [wrong, refused]: [string[], string[]] = [[], []];
  for (const { method, at, body, data } of probes) {
    const answer = await call(method, at, body);
    const { status = 0 } = answer;
    if (status >= 500) refused.push(`${method} ${at}: ${JSON.stringify(answer.body)}`);
    else if (status !== 200 || stable(answer) !== data) {
      wrong.push(`${method} ${at}: ${status} ${JSON.stringify(answer.body).slice(0, 300)}`);
    }
  }
  return { wrong, refused };
}

async function must(call: Call, method: string, at: string, body?: unknown): Promise<Answer> {
  const answer = await call(method, at, body);
  if ((answer.status ?? 0) >= 300) throw new Error(`${at}: ${JSON.stringify(answer)}`);
  return answer;
}

/** The data of an answer without what passes with time; lists in order. */
function stable(answer: Answer): string {
  return JSON.stringify(dataOf(answer), (key, value: unknown) => {
    if (key === 'ttl') return undefined;
    if (key === 'keys' && Array.isArray(value)) return value.map(String).toSorted();
    if (!isObject(value)) return value;
    const names = Object.keys(value).toSorted();
    return Object.fromEntries(names.map((name) => [name, value[name]]));
  });
}
