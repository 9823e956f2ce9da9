// The headers that every answer of a listener has: Vault's own, and those that its configuration adds by status.
import { hostname } from 'node:os';
import type { Context } from 'koa';
import type { Config } from '../config.ts';
import type { Listener } from '../config/listener.ts';

type Headers = readonly (readonly [string, string])[];

/** Puts the headers of an answer's status on it. */
export type HeaderSetter = (context: Context, status: number) => void;

export function responseHeaders(config: Config, listener: Listener): HeaderSetter {
  const always: Headers = [
    ['Cache-Control', 'no-store'],
    ...(config.enable_response_header_hostname ? [['X-Vault-Hostname', hostname()] as const] : []),
  ];
  const byStatus = new Map<number, Headers>(); // made on first use: there are few statuses
  return (context, status) => {
    let headers = byStatus.get(status);
    if (headers === undefined) {
      headers = [...always, ...customHeaders(listener, status)];
      byStatus.set(status, headers);
    }
    for (const [name, value] of headers) context.set(name, value);
  };
}

/** The more special of `default`, `2xx` and `200` wins, header by header. */
function customHeaders({ custom_response_headers: custom }: Listener, status: number): Headers {
  const classes = ['default', `${Math.floor(status / 100)}xx`, String(status)];
  return [...new Map(classes.flatMap((name) => [...(custom.get(name) ?? [])]))];
}
