// What was rendered goes out, with the headers that every answer of the listener has: Vault's own, and those that the
// configuration adds by status. koa would look at each header and body anew; here both are known.
import { hostname } from 'node:os';
import { pipeline, Readable } from 'node:stream';
import type { Context } from 'koa';
import type { Config } from '../config.ts';
import type { Listener } from '../config/listener.ts';
import type { Rendered } from './render.ts';

export type Send = (context: Context, rendered: Rendered) => void;

/** Names and values in turn, as Node writes them. */
type Headers = readonly string[];

/** @param nodeId of a node that stores with others, '' for one that does not */
export function makeSend(config: Config, listener: Listener, nodeId: string): Send {
  const own = ownHeaders(config, nodeId);
  const byStatus = new Map<number, Headers>(); // made on first use: there are few statuses
  return (context, rendered) => {
    let headers = byStatus.get(rendered.status);
    if (headers === undefined) {
      headers = [...own, ...customHeaders(listener, rendered.status).flat()];
      byStatus.set(rendered.status, headers);
    }
    write(context, rendered, headers);
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
  res.end(body);
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
