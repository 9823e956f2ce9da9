// Runs a command line against a stub server: what it printed, its exit code and what it asked.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '#cli/host.ts';
import { run } from '#cli/run.ts';

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers by `METHOD path?query`, below `/v1/`; a list answers one request after the other. */
export type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface Result {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly asked: readonly Asked[];
  /** Where the stub listened, as messages show it. */
  readonly address: string;
  readonly slept: readonly number[];
}

export interface Options {
  readonly answers?: Answers;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** What is typed at the terminal; without it there is no terminal. */
  readonly typed?: readonly string[];
  readonly home?: string;
  readonly isTerminal?: boolean;
  readonly now?: number;
}

/** Every token here, so that a test can look for it where it must not be. */
export const TOKEN = 'hvs.the-token-of-the-test';

export async function vault(argv: readonly string[], options: Options = {}): Promise<Result> {
  const asked: Asked[] = [];
  const server = await listen(options.answers ?? {}, asked);
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const out: string[] = [];
  const err: string[] = [];
  const slept: number[] = [];
  const typed = [...(options.typed ?? [])];
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'coffer-cli-'));
  const host: Host = {
    environment: { VAULT_ADDR: address, VAULT_TOKEN: TOKEN, ...options.environment },
    home,
    isTerminal: options.isTerminal ?? false,
    stdout: (text) => out.push(text),
    stderr: (text) => err.push(text),
    readStdin: () => options.stdin ?? '',
    readHidden: async () => {
      const line = typed.shift();
      if (line === undefined) throw new Error('file descriptor 0 is not a terminal');
      return line;
    },
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
    },
    now: () => options.now ?? 0,
  };
  try {
    const exit = await run(argv, host);
    return { exit, stdout: out.join(''), stderr: err.join(''), asked, address, slept };
  } finally {
    server.closeAllConnections();
    server.close();
    if (options.home === undefined) rmSync(home, { recursive: true });
  }
}

/** An answer of the kind that every mount gives. */
export const data = (content: unknown, more: object = {}): Answer => ({
  body: {
    request_id: 'd0c25b4b-6d95-4f69-8bc8-f5c2e3b5c9a1',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: content,
    wrap_info: null,
    warnings: null,
    auth: null,
    ...more,
  },
});

export const refused = (status: number, ...errors: readonly string[]): Answer => ({
  status,
  body: { errors },
});

/** No content, as most writes answer. */
export const NOTHING: Answer = { status: 204 };

function listen(answers: Answers, asked: Asked[]): Promise<Server> {
  const rest = new Map(
    Object.entries(answers).map(([key, answer]) => [
      key,
      Array.isArray(answer) ? [...(answer as readonly Answer[])] : [answer as Answer],
    ]),
  );
  const server = createServer((request, response) => void reply(request, response));
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [method, path] = [request.method ?? '', (request.url ?? '').replace(/^\/v1\//, '')];
    asked.push({ method, path, headers: request.headers, body: parsed(Buffer.concat(chunks)) });
    const queue = rest.get(`${method} ${path}`) ?? [refused(404)];
    const answer = (queue.length > 1 ? queue.shift() : queue[0]) ?? refused(404);
    response.writeHead(answer.status ?? 200, {
      'content-type': 'application/json',
      ...answer.headers,
    });
    response.end(answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)));
  }
}

function parsed(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : (JSON.parse(body.toString()) as unknown);
  } catch {
    return body;
  }
}
