// What answers without a token, and while the node is sealed: init, unseal, seal status, health and leader.
import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { ClientError } from '#sdk/errors.ts';
import type { Listener } from '../config/listener.ts';
import type { Node } from '../node.ts';
import { leaderOf, sealStatusOf } from '../node-status.ts';
import { makeBodyBudgets } from './body-budget.ts';
import { parseBody, readBody } from './body.ts';
import { clientAddress } from './forwarded.ts';
import { healthOf } from './health.ts';
import { joinBy } from './join.ts';
import { renderPlain, type Rendered } from './render.ts';
import type { Send } from './send.ts';
import { initParameters, unsealParameters } from './seal-parameters.ts';

/** The largest that is ever sent here: the OpenPGP keys of everybody who is to get a share. */
const OPEN_BODY_MAX = 8 * 1024 * 1024;

type Parameters = Readonly<Record<string, unknown>>;
type Route = (parameters: Parameters, query: URLSearchParams) => Rendered | Promise<Rendered>;

const PATHS: ReadonlySet<string> = new Set(
  ['health', 'seal-status', 'init', 'unseal', 'leader', 'storage/raft/join'].map(
    (name) => `/v1/sys/${name}`,
  ),
);

/** Whether the target of a request is one of those that answer without a token. */
export function isOpenTarget(target: string): boolean {
  const mark = target.indexOf('?');
  return PATHS.has(mark === -1 ? target : target.slice(0, mark));
}

function queryOf(target: string): URLSearchParams {
  const mark = target.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1));
}

export function openRoutes(node: Node, listener: Listener, send: Send): Middleware {
  const router = new Router({ prefix: '/v1/sys' });
  const budgets = makeBodyBudgets(OPEN_BODY_MAX);
  const on = (route: Route) => async (context: Context) => {
    clientAddress(context.req, listener); // a proxy that is not to be believed is refused here too
    const body = hasBody(context)
      ? await readBody(context, {
          largest: Math.min(OPEN_BODY_MAX, listener.max_request_size),
          budget: () => budgets.strangers,
        })
      : undefined;
    const parameters = parseBody(body, context.req.headers['content-type'], listener);
    send(context, await route(parameters, queryOf(context.req.url ?? '')));
  };
  const health = on((_, query) => healthOf(node, listener, query));
  router.get('/health', health);
  const status = on(() => renderPlain(200, sealStatusOf(node, listener)));
  router.get('/seal-status', status);
  router.get(
    '/init',
    on(() => renderPlain(200, { initialized: node.isInitialised })),
  );
  const init = on((parameters) => initialise(node, parameters));
  router.put('/init', init).post('/init', init);
  const unseal = on((parameters) => unsealBy(node, listener, parameters));
  router.put('/unseal', unseal).post('/unseal', unseal);
  router.get(
    '/leader',
    on(() => renderPlain(200, leaderOf(node, listener))),
  );
  const join = on((parameters) => joinBy(node, parameters));
  router.put('/storage/raft/join', join).post('/storage/raft/join', join);
  router.all(/.*/, () => {
    throw new ClientError(405, []);
  });
  return router.routes() as unknown as Middleware;
}

const hasBody = ({ method }: Context): boolean => method === 'PUT' || method === 'POST';

async function initialise(node: Node, parameters: Parameters): Promise<Rendered> {
  const made = await node.initialise(initParameters(parameters));
  const hex = made.shares.map((share) => share.toString('hex'));
  const base64 = made.shares.map((share) => share.toString('base64'));
  for (const share of made.shares) share.fill(0);
  return renderPlain(200, { keys: hex, keys_base64: base64, root_token: made.rootToken });
}

async function unsealBy(node: Node, listener: Listener, parameters: Parameters): Promise<Rendered> {
  const { key, reset } = unsealParameters(parameters);
  if (reset) node.resetUnseal();
  else await node.provideShare(key);
  return renderPlain(200, sealStatusOf(node, listener));
}
