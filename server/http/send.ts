// What was rendered goes out, with the headers that every answer of the listener has: Vault's own, and those that the
// configuration adds by status. koa would look at each header and body anew; here both are known.
import { hostname } from 'node:os';
import { pipeline, Readable } from 'node:stream';
import type { Context } from 'koa';
import type { ForwardedAnswer } from '../cluster/forward-client.ts';
import type { Config } from '../config.ts';
import type { Listener } from '../config/listener.ts';
import { hasBody } from './body.ts';
import type { Rendered } from './render.ts';

/** What was rendered here, or the answer of another node as it comes. */
export type Outgoing = Rendered | ForwardedAnswer;

export type Send = (context: Context, answer: Outgoing) => void;

/** Names and values in turn, as Node writes them. */
type Headers = readonly string[];

/** @param nodeId of a node that stores with others, '' for one that does not */
export function makeSend(config: Config, listener: Listener, nodeId: string): Send {
  const own = ownHeaders(config, nodeId);
  const byStatus = new Map<number, Headers>(); // made on first use: there are few statuses
  return (context, answer) => {
    let headers = byStatus.get(answer.status);
    if (headers === undefined) {
      headers = [...own, ...customHeaders(listener, answer.status).flat()];
      byStatus.set(answer.status, headers);
    }
    if ('rawHeaders' in answer) pass(context, answer, headers);
    else write(context, answer, headers);
  };
}

function write(context: Context, rendered: Rendered, always: Headers): void {
  const { res } = context;
  const { status, contentType, body, headers } = rendered;
  if (res.headersSent || !context.writable) {
    if (body instanceof Readable) body.destroy(); // the client has gone
    return;
  }
  context.respond = false;
  const lines = [...always];
  if (contentType !== undefined) lines.push('Content-Type', contentType);
  for (const name of Object.keys(headers)) lines.push(name, headers[name] ?? '');
  if (body instanceof Readable) {
    res.writeHead(status, lines);
    pipeline(body, res, () => {}); // what one side ends is ended on the other
    return;
  }
  if (body !== undefined) lines.push('Content-Length', String(Buffer.byteLength(body)));
  else if (status !== 204) lines.push('Content-Length', '0');
  res.writeHead(status, lines);
  if (body === undefined || context.req.complete || !hasBody(context.req)) res.end(body);
  else endAfterRequest(context, body);
}

/** How long a client may go on with a body that nobody wants any more. */
const LINGER_MS = 2_000;

/**
 * A client that is still sending may see nothing but a broken connection if it is closed now. So it gets the whole
 * answer, and some time to come to its end.
 */
function endAfterRequest({ req, res }: Context, body: string | Uint8Array): void {
  res.write(body);
  const end = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS).unref();
  req.once('end', end).once('close', end).resume();
}

function pass(context: Context, answer: ForwardedAnswer, always: Headers): void {
  const { res } = context;
  if (res.headersSent || !context.writable) {
    answer.body.destroy();
    return;
  }
  context.respond = false;
  res.writeHead(answer.status, [...always, ...answer.rawHeaders]);
  pipeline(answer.body, res, () => {}); // what ends early on one side does so on the other
}

function ownHeaders(config: Config, nodeId: string): Headers {
  const names = [
    ...(config.enable_response_header_hostname ? ['X-Vault-Hostname', hostname()] : []),
    ...(config.enable_response_header_raft_node_id && nodeId !== ''
      ? ['X-Vault-Raft-Node-ID', nodeId]
      : []),
  ];
  return ['Cache-Control', 'no-store', ...names];
}

/** The more special of `default`, `2xx` and `200` wins, header by header. */
function customHeaders(
  { custom_response_headers: custom }: Listener,
  status: number,
): readonly (readonly string[])[] {
  const classes = ['default', `${Math.floor(status / 100)}xx`, String(status)];
  return [...new Map(classes.flatMap((name) => [...(custom.get(name) ?? [])]))];
}
