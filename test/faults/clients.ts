// Clients that never change: each asks some node, waits for the answer, and writes down what it was told.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '#test/conformance/kit/http.ts';
import type { Random } from '#test/helpers/random.ts';
import type { RecordedOperation } from '#test/simulation/keys-model.ts';
import { NODES, type Ask } from './cluster.ts';
import type { History, Result } from './history.ts';

const REGISTER_CLIENTS = 8;
const TOKEN_CLIENTS = 2;
const KEYS = 4;
/** Longer than any fault is meant to keep a client waiting; what comes later is unknown to it. */
const PATIENCE_MS = 10_000;
const THINK_MS = 12;

/** Keys of a round are new, so that the history of each is short. */
export interface Load {
  /** Lets what runs end, and everything that was asked be written down. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly ask: Ask;
  readonly history: History;
  readonly random: Random;
  readonly round: number;
}

export function startLoad(options: LoadOptions): Load {
  const state = { isOver: false, value: 0, token: 0 };
  const runs = [
    ...Array.from({ length: REGISTER_CLIENTS }, async (_, client) =>
      useRegisters(options, client, state),
    ),
    ...Array.from({ length: TOKEN_CLIENTS }, async () => useTokens(options, state)),
  ];
  return {
    stop: async () => {
      state.isOver = true;
      await Promise.all(runs);
    },
  };
}

interface Shared {
  isOver: boolean;
  /** The last value that any client wrote: no two writes have the same. */
  value: number;
  token: number;
}

/** Half of the keys are plain registers (kv 1), half count versions under check-and-set (kv 2). */
async function useRegisters(options: LoadOptions, client: number, state: Shared): Promise<void> {
  const { history, random, round } = options;
  let known = 0;
  while (!state.isOver) {
    const number = random.below(KEYS);
    const key = `r${round}-k${number}`;
    const isCounter = number % 2 === 1;
    const isRead = random.below(2) === 0;
    const start = performance.now();
    const asked = isCounter
      ? await (isRead ? readCounter(options, key) : raise(options, key, known))
      : await (isRead ? readPlain(options, key) : write(options, key, String(++state.value)));
    history.operations.push({ client, key, start, end: performance.now(), ...asked });
    if (isCounter && asked.outcome === 'ok') known = Number(asked.value ?? 0);
    await sleep(random.below(THINK_MS));
  }
}

type Asked = Pick<RecordedOperation, 'op' | 'value' | 'expected' | 'outcome'>;

async function readPlain(options: LoadOptions, key: string): Promise<Asked> {
  const answer = await patient(options, 'GET', `plain/${key}`);
  const { value } = dataOf(answer) as { readonly value?: string };
  return { op: 'read', value: value ?? null, outcome: readOutcome(answer) };
}

async function write(options: LoadOptions, key: string, value: string): Promise<Asked> {
  const answer = await patient(options, 'PUT', `plain/${key}`, { value });
  return { op: 'write', value, outcome: writeResult(answer) };
}

async function readCounter(options: LoadOptions, key: string): Promise<Asked> {
  const answer = await patient(options, 'GET', `secret/data/${key}`);
  const { metadata } = dataOf(answer) as { readonly metadata?: { readonly version?: number } };
  return { op: 'read', value: versionText(metadata?.version ?? 0), outcome: readOutcome(answer) };
}

/** Version `known` becomes the next one, if it still is the last. */
async function raise(options: LoadOptions, key: string, known: number): Promise<Asked> {
  const body = { options: { cas: known }, data: { value: known + 1 } };
  const answer = await patient(options, 'POST', `secret/data/${key}`, body);
  const outcome = answer.status === 400 ? 'mismatch' : writeResult(answer);
  return { op: 'cas', value: versionText(known + 1), expected: versionText(known), outcome };
}

const versionText = (version: number): string | null => (version === 0 ? null : String(version));

/** A token is made, used on every node, revoked, and used again. */
async function useTokens(options: LoadOptions, state: Shared): Promise<void> {
  const { history, random } = options;
  while (!state.isOver) {
    const number = (state.token += 1) + options.round * 100_000;
    const note = async (
      kind: 'create' | 'use' | 'revoke',
      asking: (node: number) => Promise<Answer>,
      judge: (answer: Answer) => Result,
    ): Promise<Answer> => {
      const [start, node] = [performance.now(), random.below(NODES)];
      const answer = await within(asking(node));
      const end = performance.now();
      history.tokens.push({ token: number, kind, start, end, node, result: judge(answer) });
      return answer;
    };
    const made = await note(
      'create',
      async (node) =>
        options.ask(node, {
          method: 'POST',
          path: 'auth/token/create',
          body: { policies: ['default'], ttl: '1h' },
        }),
      writeResult,
    );
    const token = tokenOf(made);
    if (token === undefined) {
      await sleep(THINK_MS);
      continue;
    }
    const use = async (): Promise<unknown> =>
      note(
        'use',
        async (node) => options.ask(node, { method: 'GET', path: 'auth/token/lookup-self', token }),
        useResult,
      );
    for (let times = random.below(4); times >= 0; times -= 1) await use();
    await note(
      'revoke',
      async (node) =>
        options.ask(node, { method: 'POST', path: 'auth/token/revoke', body: { token } }),
      writeResult,
    );
    for (let times = 3; times > 0; times -= 1) await use();
    await sleep(random.below(THINK_MS));
  }
}

async function patient(
  { ask, random }: LoadOptions,
  method: string,
  at: string,
  body?: unknown,
): Promise<Answer> {
  return within(ask(random.below(NODES), { method, path: at, body }));
}

/** A connection that breaks is an answer that tells nothing; one that is refused tells that nothing was asked. */
async function within(asked: Promise<Answer>): Promise<Answer> {
  const late = sleep(PATIENCE_MS, { status: 0 }, { ref: false });
  return Promise.race([asked.catch((): Answer => ({ status: 0 })), late]);
}

function readOutcome({ status = 0, body }: Answer): Result {
  if (status === 200) return 'ok';
  // An absent key is 404 without a reason.
  const { errors } = (body ?? {}) as { readonly errors?: readonly string[] };
  return status === 404 && errors?.length === 0 ? 'ok' : 'failed';
}

/** A redirection and a sealed node say that nothing was done. */
const NOTHING_WAS_DONE: ReadonlySet<number> = new Set([307, 503]);

function writeResult({ status = 0, refused }: Answer): Result {
  if (refused !== undefined || NOTHING_WAS_DONE.has(status)) return 'failed';
  return status >= 200 && status < 300 ? 'ok' : 'unknown';
}

/** A use that is refused by anything but a verdict says nothing of the token. */
function useResult({ status = 0 }: Answer): Result {
  if (status === 200) return 'ok';
  return status === 403 ? 'failed' : 'unknown';
}

function dataOf({ body }: Answer): Readonly<Record<string, unknown>> {
  return (body as { readonly data?: Readonly<Record<string, unknown>> } | undefined)?.data ?? {};
}

function tokenOf({ body }: Answer): string | undefined {
  const { auth } = (body ?? {}) as { readonly auth?: { readonly client_token: string } | null };
  return auth?.client_token;
}
