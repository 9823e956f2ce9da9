// Requests from pages of other origins, as a browser makes them.
import test from 'ava';
import type { Context } from 'koa';
import { ClientError } from '#sdk/errors.ts';
import type { CorsRecord } from '#server/cors.ts';
import { answerCors } from '#server/http/cors.ts';
import type { Node } from '#server/node.ts';

interface Asked {
  readonly config: CorsRecord | undefined;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isSealed?: boolean;
}

/** What is answered at once, and the headers that were put on the answer otherwise. */
function ask({ config, method = 'GET', headers = {}, isSealed = false }: Asked) {
  const set: Record<string, string> = {};
  const unsealed = { barrier: { read: () => config && { value: config } } };
  const node = { unsealed: () => (isSealed ? undefined : unsealed) };
  const context = {
    req: { method, headers },
    set: (name: string, value: string) => {
      set[name] = value;
    },
  };
  // As much of both as is looked at.
  const answer = answerCors(node as unknown as Node, context as unknown as Context);
  return { answer, set };
}

const ORIGIN = 'https://a.example';
const ONE: CorsRecord = { allowed_origins: [ORIGIN], allowed_headers: ['X-Mine'] };
const ALL: CorsRecord = { allowed_origins: ['*'], allowed_headers: [] };
const SHOWN = { 'Access-Control-Allow-Origin': ORIGIN, Vary: 'Origin' };

const PASSED: readonly (readonly [string, Asked, object])[] = [
  ['without configuration', { config: undefined, headers: { origin: ORIGIN } }, {}],
  ['without an origin', { config: ONE }, {}],
  ['of a sealed node', { config: ONE, isSealed: true, headers: { origin: ORIGIN } }, {}],
  ['of an allowed origin', { config: ONE, headers: { origin: ORIGIN } }, SHOWN],
  ['where all are allowed', { config: ALL, headers: { origin: ORIGIN } }, SHOWN],
];

for (const [what, asked, expected] of PASSED) {
  test(`a request ${what} goes on`, (t) => {
    t.deepEqual(ask(asked), { answer: undefined, set: { ...expected } });
  });
}

for (const origin of ['https://b.example', 'https://a.example.evil', 'http://a.example', 'null']) {
  for (const method of ['GET', 'OPTIONS']) {
    test(`${method} from ${origin} is refused`, (t) => {
      const error = t.throws(() => ask({ config: ONE, method, headers: { origin } }), {
        instanceOf: ClientError,
        message: 'origin not allowed',
      });
      t.is(error?.status, 403);
    });
  }
}

test('a preflight says which verbs and headers are allowed, and for how long', (t) => {
  const headers = { origin: ORIGIN, 'access-control-request-method': 'POST' };
  const { answer, set } = ask({ config: ONE, method: 'OPTIONS', headers });
  t.deepEqual(set, SHOWN);
  t.is(answer?.status, 200);
  t.is(answer?.headers['Access-Control-Max-Age'], '300');
  t.regex(
    answer?.headers['Access-Control-Allow-Methods'] ?? '',
    /^DELETE,GET,OPTIONS,POST,PUT,LIST/,
  );
  t.regex(answer?.headers['Access-Control-Allow-Headers'] ?? '', /X-Vault-Token.*X-Mine$/);
});

test('a preflight for a verb that nobody knows is refused', (t) => {
  const headers = { origin: ORIGIN, 'access-control-request-method': 'BREW' };
  const { answer, set } = ask({ config: ONE, method: 'OPTIONS', headers });
  t.deepEqual([answer?.status, set], [405, {}]);
});
