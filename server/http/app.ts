// The koa onion around every HTTP exchange: headers and errors outside, then the routes that answer without a token,
// then the API, where a request becomes a straight line of steps.
import Koa, { type Context } from 'koa';
import { millis } from '#sdk/clock.ts';
import { ClientError, oneError } from '#sdk/errors.ts';
import type { Listener } from '../config/listener.ts';
import type { Node } from '../node.ts';
import { showMetrics } from '../sys/metrics.ts';
import type { Unsealed } from '../unsealed.ts';
import { makeBodyBudgets, type BodyBudgets } from './body-budget.ts';
import { hasBody, readBody } from './body.ts';
import { clientCertificate } from './client-certificate.ts';
import { Deadlines } from './deadlines.ts';
import { clientAddress } from './forwarded.ts';
import { answerCors } from './cors.ts';
import { dispatch } from './dispatch.ts';
import { Forwarder } from './forward.ts';
import { isOpenTarget, openRoutes } from './open-routes.ts';
import { arrive, locate, tokenOf, type Located } from './parse.ts';
import { NO_CONTENT, renderPlain, renderRaw, renderRedirect, type Rendered } from './render.ts';
import { renderThrown } from './render-thrown.ts';
import { makeSend, type Outgoing } from './send.ts';
import { withBody } from './streamed.ts';
import { uploadOf } from './uploads.ts';

const API = '/v1/';
const SEAL = '/v1/sys/seal';
const STEP_DOWN = '/v1/sys/step-down';
const METRICS = '/v1/sys/metrics';
const IN_FLIGHT = '/v1/sys/in-flight-req';
/** What Vault serves beside its mounts: other verbs are refused before anything is decided. */
const WRITTEN_ONLY: ReadonlySet<string> = new Set([SEAL, STEP_DOWN]);

export function makeApp(node: Node, listener: Listener): Koa {
  const app = new Koa();
  withoutSecondHandler(app);
  const send = makeSend(node.config, listener, node.cluster?.id ?? '');
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
  const limit = millis(listener.max_request_duration * 1000);
  const deadlines = new Deadlines(node.clock, limit);
  const api: Api = {
    node,
    listener,
    forwarder: new Forwarder(node),
    budgets,
    deadlines,
    opened: openedPaths(listener),
  };
  app.use(async (context) => send(context, await answerApi(api, context)));
  return app;
}

/**
 * The outermost middleware answers whatever fails, and answers go out by `send` alone. So koa's own handler of both,
 * which listens on every response and its socket, has nothing left to do; it cost a fifth of a small request.
 */
function withoutSecondHandler(app: Koa): void {
  Object.defineProperty(app, 'handleRequest', { value: runMiddleware });
}

/** What even the rendering of an error could not answer ends the connection, and nothing else. */
function runMiddleware(
  context: Context,
  middleware: (context: Context) => Promise<void>,
): Promise<void> {
  return middleware(context).catch(() => void context.res.destroy());
}

/** A listener may ask for the header that no page of a browser can be made to send. */
function requireHeader({ req }: Context, { require_request_header: isRequired }: Listener): void {
  if (!isRequired || req.headers['x-vault-request'] === 'true') return;
  throw new ClientError(412, "missing 'X-Vault-Request' header");
}

interface Api {
  readonly node: Node;
  readonly listener: Listener;
  readonly forwarder: Forwarder;
  readonly budgets: BodyBudgets;
  readonly deadlines: Deadlines;
  /** The paths that need no token on this listener although they are declared otherwise. */
  readonly opened: readonly string[];
}

async function answerApi(api: Api, context: Context): Promise<Outgoing> {
  const target = context.req.url ?? '';
  const located = locate(target);
  if ('location' in located) return renderRedirect(located.location, context.method);
  if (located.path === '/v1/sys' && located.query?.has('help') !== true) {
    return renderRedirect('/v1/sys/', context.method);
  }
  if (!located.path.startsWith(API)) throw new ClientError(404, []);
  if (WRITTEN_ONLY.has(located.path)) requireWrite(context);
  const unheard = unheardOf(api.node, located.path);
  if (unheard !== undefined) return unheard;
  return answer(api, context, located);
}

const NOT_ON_A_STANDBY = 'vault cannot seal when in standby mode; please restart instead';

/** What some requests get as long as the node is in a state, whoever asks. */
function unheardOf(node: Node, path: string): Rendered | undefined {
  if (path === SEAL) {
    if (node.unsealed() === undefined) return NO_CONTENT;
    if (node.cluster !== undefined && node.activeSince === undefined) {
      throw new ClientError(500, oneError(NOT_ON_A_STANDBY));
    }
  }
  // There is nobody to hand over to, and nothing happens.
  if (path === STEP_DOWN && node.cluster === undefined && node.unsealed() !== undefined) {
    return NO_CONTENT;
  }
  return undefined;
}

/** Without a token only where the listener says so. */
const isInFlightOpen = ({ inflight_requests_logging: given }: Listener): boolean =>
  given.unauthenticated_in_flight_requests_access;

/** Sealed or not, as Prometheus may want to know which. */
const areMetricsOpen = ({ telemetry }: Listener): boolean =>
  telemetry.unauthenticated_metrics_access;

/** Where shares of the key decide, a token is needed besides unless the listener says otherwise. */
function openedPaths(listener: Listener): readonly string[] {
  return [
    ...(listener.disable_unauthed_rekey_endpoints
      ? []
      : ['sys/rekey/init', 'sys/rekey/update', 'sys/rekey/verify', 'sys/rekey-recovery-key/']),
    ...(listener.disable_unauthed_generate_root_endpoints ? [] : ['sys/generate-root/']),
  ];
}

function requireWrite({ method }: Context): void {
  if (method !== 'PUT' && method !== 'POST') throw new ClientError(405, []);
}

async function answer(
  { node, listener, forwarder, budgets, deadlines, opened }: Api,
  context: Context,
  located: Located,
): Promise<Outgoing> {
  const { req } = context;
  const remoteAddress = clientAddress(req, listener);
  if (located.path === METRICS && areMetricsOpen(listener) && context.method === 'GET') {
    const format = located.query?.get('format') ?? '';
    return renderRaw(await showMetrics(node.metrics, format, req.headers.accept));
  }
  const unsealed = node.unsealed();
  if (unsealed === undefined) throw new ClientError(503, 'Vault is sealed');
  if (located.path === IN_FLIGHT && isInFlightOpen(listener) && context.method === 'GET') {
    return renderPlain(200, node.inFlight.all());
  }
  const token = tokenOf(req, listener.max_token_header_size);
  const upload = uploadOf(req, context.res);
  const body = hasBody(req)
    ? (upload ??
      (await readBody(context, {
        largest: listener.max_request_size,
        budget: () => (isKnown(unsealed, token) ? budgets.known : budgets.strangers),
      })))
    : undefined;
  const origin = {
    limits: listener,
    at: node.clock.now(),
    token,
    remoteAddress,
    remotePort: req.socket.remotePort ?? 0,
    certificate: clientCertificate(req.socket, listener),
    openedPaths: opened,
  };
  const arrived = arrive(req, located, body, origin);
  const { at, remotePort } = origin;
  const running = { at, remoteAddress, remotePort, path: located.path, method: context.method };
  node.inFlight.begin(arrived.id, running);
  try {
    const sent = { method: context.method, target: req.url ?? '', rawHeaders: req.rawHeaders };
    const received = { arrived, ...sent, body, deadline: deadlines.endOf(at) };
    // The client is told when its time is up; what the request does is still done whole or not at all.
    const dispatched = dispatch(node, forwarder, received).finally(() => void upload?.close());
    return await withBody(await deadlines.hold(at, dispatched, tooLate));
  } finally {
    node.inFlight.end(arrived.id);
  }
}

const tooLate = (): ClientError => new ClientError(500, 'context deadline exceeded');

/** Whether a token holds, before anything is read that only its owner may send. */
function isKnown({ barrier, tokens }: Unsealed, token: string | undefined): boolean {
  return token !== undefined && tokens.find(barrier.begin(), token) !== undefined;
}
