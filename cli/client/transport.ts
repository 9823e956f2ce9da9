// One HTTP request over the wire, and the words for what can go wrong on the way.
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import type { AgentOptions } from 'node:https';
import { pipeline } from 'node:stream';
import { messageOf } from '../failure.ts';
import type { Outgoing } from './preview.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** How to reach the server. */
export interface Route {
  readonly timeoutMilliseconds: number;
  readonly tls: AgentOptions;
  /** A socket on this machine instead of a host and port. */
  readonly socketPath: string | undefined;
}

export interface Transport {
  send(request: Outgoing): Promise<Answer>;
  /** Lets go of connections that were kept for the next request. */
  close(): void;
}

/** The TLS module takes longest to load: it is loaded when an address asks for it. */
export async function openTransport(protocol: string, route: Route): Promise<Transport> {
  if (protocol !== 'https:') {
    const agent = new HttpAgent({ keepAlive: true });
    return transport(agent, (request) => httpRequest(request.url, options(request, route, agent)));
  }
  const https = await import('node:https');
  const agent = new https.Agent({ ...route.tls, keepAlive: true });
  return transport(agent, (request) =>
    https.request(request.url, { ...route.tls, ...options(request, route, agent) }),
  );
}

type Started = ReturnType<typeof httpRequest>;

function transport(agent: HttpAgent, start: (request: Outgoing) => Started): Transport {
  return {
    send: async (request) => {
      try {
        return await exchange(start(request), request);
      } catch (error) {
        const method = request.method.charAt(0) + request.method.slice(1).toLowerCase();
        throw new Error(`${method} "${request.url.href}": ${explain(error, request.url)}`, {
          cause: error,
        });
      }
    },
    close: () => agent.destroy(),
  };
}

function options(request: Outgoing, route: Route, agent: HttpAgent): object {
  return {
    agent,
    method: request.method,
    headers: request.headers,
    timeout: route.timeoutMilliseconds,
    ...(route.socketPath === undefined ? {} : { socketPath: route.socketPath }),
  };
}

function exchange(started: Started, { body, into }: Outgoing): Promise<Answer> {
  return new Promise((resolve, reject) => {
    started.on('response', (response) => {
      collect(response, into).then(resolve, reject);
    });
    started.on('error', reject);
    started.on('timeout', () => {
      started.destroy(
        new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'),
      );
    });
    // An error of either side ends the other, and comes out above.
    if (typeof body === 'function') pipeline(body(), started, () => {});
    else started.end(body);
  });
}

async function collect(response: IncomingMessage, into: Outgoing['into']): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  if (into !== undefined && status < 300) {
    await into(response);
    return { status, headers, body: Buffer.alloc(0) };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status, headers, body: Buffer.concat(chunks) };
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
};

/** Wrong certificates, as Node names them and as Go words them. */
const TLS_ERRORS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
};

function explain(error: unknown, url: URL): string {
  // Several addresses of one name were tried: the last says enough.
  const single: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  const code = single instanceof Error && 'code' in single ? String(single.code) : '';
  const system = SYSTEM_ERRORS[code];
  if (system !== undefined) return `dial tcp ${endpoint(single, url)}: ${system}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `dial tcp: lookup ${url.hostname}: no such host`;
  }
  const tls = TLS_ERRORS[code];
  if (tls !== undefined) return `tls: failed to verify certificate: ${tls}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `tls: failed to verify certificate: x509: certificate is not valid for ${url.hostname}`;
  }
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return 'http: server gave HTTP response to HTTPS client';
  }
  return code === 'ECONNRESET' ? 'EOF' : messageOf(single);
}

function endpoint(error: unknown, url: URL): string {
  const { address, port } = error as { readonly address?: string; readonly port?: number };
  const host = address ?? url.hostname;
  return `${host.includes(':') ? `[${host}]` : host}:${port ?? url.port}`;
}
