// The koa onion around every HTTP exchange: headers and errors outside, then the routes that answer without a token,
// then the API, where a request becomes a straight line of steps.
import Koa, { type Context } from 'koa';
import { formatTime, millis } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import { SealedError } from '#storage/barrier/barrier.ts';
import type { Listener } from '../config/listener.ts';
import type { Node } from '../node.ts';
import { handle } from '../request/handle.ts';
import type { Unsealed } from '../unsealed.ts';
import { makeBodyBudgets, type BodyBudgets } from './body-budget.ts';
import { readBody } from './body.ts';
import { clientAddress } from './forwarded.ts';
import { answerCors } from './cors.ts';
import { isOpenTarget, openRoutes } from './open-routes.ts';
import { arrive, locate, tokenOf, type Located } from './parse.ts';
import {
  NO_CONTENT,
  renderError,
  renderFinished,
  renderPlain,
  renderRedirect,
  type Rendered,
} from './render.ts';
import { makeSend } from './send.ts';

const API = '/v1/';
const SEAL = '/v1/sys/seal';
const IN_FLIGHT = '/v1/sys/in-flight-req';
/** What Vault serves beside its mounts: other verbs are refused before anything is decided. */
const WRITTEN_ONLY: ReadonlySet<string> = new Set([SEAL, '/v1/sys/step-down']);

export function makeApp(node: Node, listener: Listener): Koa {
  const app = new Koa();
  app.silent = true;
  const send = makeSend(node.config, listener);
  const open = openRoutes(node, listener, send);
  app.use(async (context, next) => {
    try {
      requireHeader(context, listener);
      const preflight = answerCors(node, context);
      if (preflight === undefined) await next();
      else send(context, preflight);
    } catch (error) {
      send(context, renderThrown(node, error));
    }
  });
  app.use((context, next) => (isOpenTarget(context.req.url ?? '') ? open(context, next) : next()));
  const budgets = makeBodyBudgets(listener.max_request_size);
  const api: Api = { node, listener, budgets };
  app.use(async (context) => send(context, await answerApi(api, context)));
  return app;
}

/** A listener may ask for the header that no page of a browser can be made to send. */
function requireHeader({ req }: Context, { require_request_header: isRequired }: Listener): void {
  if (!isRequired || req.headers['x-vault-request'] === 'true') return;
  throw new ClientError(412, "missing 'X-Vault-Request' header");
}

/** What was thrown outside of a request's own steps. */
function renderThrown(node: Node, error: unknown): Rendered {
  if (error instanceof SealedError) {
    return renderError(new ClientError(503, 'Vault is sealed'), false);
  }
  if (!(error instanceof ClientError)) {
    const facts = {
      error: error instanceof Error ? (error.stack ?? error.message) : 'not an error',
    };
    node.log.error('a request could not be answered', facts);
  }
  return renderError(error, false);
}

interface Api {
  readonly node: Node;
  readonly listener: Listener;
  readonly budgets: BodyBudgets;
}

async function answerApi(api: Api, context: Context): Promise<Rendered> {
  const target = context.req.url ?? '';
  const located = locate(target);
  if ('location' in located) return renderRedirect(located.location, context.method);
  if (located.path === '/v1/sys' && located.query?.has('help') !== true) {
    return renderRedirect('/v1/sys/', context.method);
  }
  if (!located.path.startsWith(API)) throw new ClientError(404, []);
  if (WRITTEN_ONLY.has(located.path)) requireWrite(context);
  if (located.path === SEAL && api.node.unsealed() === undefined) return NO_CONTENT;
  return answer(api, context, located);
}

/** Without a token only where the listener says so. */
const isInFlightOpen = ({ inflight_requests_logging: given }: Listener): boolean =>
  given.unauthenticated_in_flight_requests_access;

function requireWrite({ method }: Context): void {
  if (method !== 'PUT' && method !== 'POST') throw new ClientError(405, []);
}

async function answer(
  { node, listener, budgets }: Api,
  context: Context,
  located: Located,
): Promise<Rendered> {
  const { req } = context;
  const remoteAddress = clientAddress(req, listener);
  const unsealed = node.unsealed();
  if (unsealed === undefined) throw new ClientError(503, 'Vault is sealed');
  if (located.path === IN_FLIGHT && isInFlightOpen(listener) && context.method === 'GET') {
    return renderPlain(200, node.inFlight.all());
  }
  const token = tokenOf(req, listener.max_token_header_size);
  const body = await readBody(context, {
    largest: listener.max_request_size,
    budget: () => (isKnown(unsealed, token) ? budgets.known : budgets.strangers),
  });
  const origin = {
    limits: listener,
    at: node.clock.now(),
    token,
    remoteAddress,
    remotePort: req.socket.remotePort ?? 0,
  };
  const arrived = arrive(req, located, body, origin);
  const end = node.inFlight.begin(arrived.id, {
    start_time: formatTime(origin.at),
    client_remote_address: `${remoteAddress}:${origin.remotePort}`,
    request_path: located.path,
    request_method: context.method,
  });
  try {
    return renderFinished(await withinTime(node, listener, handle(unsealed, arrived)));
  } finally {
    end();
  }
}

/** The client is told when its time is up; what the request does is still done whole or not at all. */
function withinTime<T>(node: Node, listener: Listener, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = millis(listener.max_request_duration * 1000);
    const cancel = node.clock.after(limit, () =>
      reject(new ClientError(500, 'context deadline exceeded')),
    );
    void work.then(resolve, reject).finally(cancel);
  });
}

/** Whether a token holds, before anything is read that only its owner may send. */
function isKnown({ barrier, tokens }: Unsealed, token: string | undefined): boolean {
  return token !== undefined && tokens.find(barrier.begin(), token) !== undefined;
}
