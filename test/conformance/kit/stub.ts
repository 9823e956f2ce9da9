// A small HTTP server with fixed answers, in the place of a Kubernetes API server or an OIDC provider.
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Route } from './scenario.ts';

const NOT_FOUND: Route = {
  path: '',
  status: 404,
  body: { kind: 'Status', status: 'Failure', code: 404 },
};

/** A running stub: its address, what it was asked, and its routes, which can be replaced. */
export class Stub {
  readonly #server: http.Server;
  readonly #seen: unknown[] = [];
  #routes: readonly Route[];

  private constructor(routes: readonly Route[]) {
    this.#routes = routes;
    this.#server = http.createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(routes: readonly Route[]): Promise<Stub> {
    const stub = new Stub(routes);
    await new Promise<void>((resolve) => {
      stub.#server.listen(0, '127.0.0.1', resolve);
    });
    return stub;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // it listens on TCP
    return `http://127.0.0.1:${port}`;
  }

  get requests(): readonly unknown[] {
    return [...this.#seen];
  }

  replace(routes: readonly Route[]): void {
    this.#routes = routes;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status = 200, body = {} } = this.#answer(request, await bodyOf(request));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body).replaceAll('{{url}}', this.url));
  }

  #answer({ method = 'GET', url = '/', headers }: IncomingMessage, text: string): Route {
    this.#seen.push({
      method,
      path: url,
      authorization: headers.authorization ?? null,
      body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
    });
    const at = url.split('?')[0];
    const fits = (route: Route): boolean =>
      (route.method ?? 'GET') === method &&
      route.path === at &&
      (route.contains === undefined || text.includes(route.contains));
    return this.#routes.find(fits) ?? NOT_FOUND;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
  return Buffer.concat(chunks).toString();
}
