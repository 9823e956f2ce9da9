// The active node's side of forwarding: what a standby has sent on becomes a request like any other, of the client that
// the standby names. It was bounded there, by the listener that took it.
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { badRequest } from '#sdk/errors.ts';
import type { ForwardedRequest } from '../cluster/forward-server.ts';
import type { ForwardedHandler } from '../link.ts';
import type { Node } from '../node.ts';
import type { Arrived } from '../request/stages.ts';
import type { Unsealed } from '../unsealed.ts';
import { answerEcho, isEcho } from './answer-echo.ts';
import { makeBodyBudgets, type BodyBudget } from './body-budget.ts';
import { readBody } from './body.ts';
import { answerAsActive } from './dispatch.ts';
import type { JsonLimits } from './json-limits.ts';
import { arrive, locate, tokenOf, type Body, type RequestLimits } from './parse.ts';
import { renderThrown } from './render-thrown.ts';
import type { Rendered } from './render.ts';
import { withBody } from './streamed.ts';
import { uploadOf } from './uploads.ts';

const ANY = Number.POSITIVE_INFINITY;
const UNBOUNDED: JsonLimits & RequestLimits = {
  max_json_depth: ANY,
  max_json_string_value_length: ANY,
  max_json_object_entry_count: ANY,
  max_json_array_element_count: ANY,
  max_json_token: ANY,
  max_token_header_size: -1,
};

/** Longer than it takes from an election to the first entry of the new leader. */
const COMING_MS = 1_000;

const NOT_ACTIVE = 'not the active node';

/** A node that is not active refuses: a request is sent on once. */
export function answerForwarded(node: Node): ForwardedHandler {
  const { known: budget } = makeBodyBudgets(0);
  return (forwarded) =>
    void (isEcho(forwarded) ? answerEcho(node, forwarded) : take(node, budget, forwarded));
}

async function take(node: Node, budget: BodyBudget, forwarded: ForwardedRequest): Promise<void> {
  const { request, response, refuse } = forwarded;
  let answer: Rendered | undefined;
  try {
    const body =
      uploadOf(request, response) ??
      (await readBody({ req: request, res: response }, { largest: -1, budget: () => budget }));
    const services = await whenActive(node);
    answer = services && (await answerOne(node, services, forwarded, body));
  } catch (error) {
    answer = renderThrown(node, error);
  }
  if (answer === undefined) refuse(NOT_ACTIVE);
  else send(response, answer);
}

/** Whoever sends a request here may have heard before this node that it is to be the active one. */
async function whenActive(node: Node): Promise<Unsealed | undefined> {
  const until = node.clock.now() + COMING_MS;
  while (node.activeSince === undefined) {
    const left = until - node.clock.now();
    const type = node.cluster?.status().role.type;
    if ((type !== 'candidate' && type !== 'leader') || left <= 0) return undefined;
    await node.changed(left);
  }
  return node.unsealed();
}

async function answerOne(
  node: Node,
  services: Unsealed,
  forwarded: ForwardedRequest,
  body: Body,
): Promise<Rendered | undefined> {
  const arrived = arrivedOf(node, forwarded, body);
  const { id, at, remoteAddress, remotePort } = arrived;
  const method = forwarded.request.method ?? '';
  node.inFlight.begin(id, { at, remoteAddress, remotePort, path: `/v1/${arrived.path}`, method });
  try {
    const answer = await answerAsActive(node, services, arrived);
    return answer && (await withBody(answer));
  } finally {
    await arrived.upload?.close();
    node.inFlight.end(id);
  }
}

/** @throws ClientError where the standby should have refused it */
function arrivedOf(node: Node, { request, facts }: ForwardedRequest, body: Body): Arrived {
  const located = locate(request.url ?? '');
  if ('location' in located) throw badRequest('a path that is not clean is not sent on');
  const { openedPaths } = facts.listener;
  const origin = {
    limits: UNBOUNDED,
    at: node.clock.now(),
    token: tokenOf(request, UNBOUNDED.max_token_header_size),
    remoteAddress: facts.remoteAddress,
    remotePort: facts.remotePort,
    certificate: facts.certificate,
    openedPaths: Array.isArray(openedPaths) ? openedPaths.map(String) : [],
  };
  return { ...arrive(request, located, body, origin), id: facts.requestId };
}

/** The standby puts its listener's own headers around it. */
function send(response: ServerResponse, { status, contentType, headers, body }: Rendered): void {
  response.sendDate = false;
  const type = contentType === undefined ? {} : { 'Content-Type': contentType };
  if (body instanceof Readable) {
    response.writeHead(status, { ...headers, ...type });
    pipeline(body, response, () => {}); // what ends early on one side does so on the other
    return;
  }
  const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body ?? '') };
  response.writeHead(status, { ...headers, ...type, ...length });
  response.end(body);
}
