// One HTTP exchange, with any verb, any header, and no help from a client library.
import http from 'node:http';
import https from 'node:https';

const ANSWER_LIMIT_MS = 60_000;

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly raw?: string | Buffer | undefined;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** The headers of the answer that are wanted, beyond its content type. */
  readonly show?: readonly string[];
  readonly tls?: https.RequestOptions | undefined;
  readonly agent?: http.Agent;
}

/** The answer as bytes, or why there is none. */
export type Exchange =
  | { readonly refused: string }
  | {
      readonly status: number;
      readonly headers: Readonly<Record<string, unknown>>;
      /** The step names headers, so that they count although there is no body. */
      readonly isShown: boolean;
      readonly content: Buffer;
    };

/** What a scenario compares. */
export interface Answer {
  readonly status?: number;
  readonly refused?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly bytes?: boolean;
}

/** Asks a server and reads its answer, as JSON where it looks like JSON. */
export async function request(address: string, asked: Request): Promise<Answer> {
  return readAnswer(await exchange(address, asked), 'json');
}

/** A refused connection, or one whose certificate is not accepted, is an answer too. */
export async function exchange(address: string, asked: Request): Promise<Exchange> {
  const at = asked.path.startsWith('/') ? asked.path : `/v1/${asked.path}`;
  const payload = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
  const url = new URL(address);
  const options: https.RequestOptions = {
    host: url.hostname,
    port: url.port,
    method: asked.method,
    agent: asked.agent ?? false,
    headers: headersOf(asked, payload),
    path: at,
    ...asked.tls,
  };
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
  const library = url.protocol === 'https:' ? https : http;
  const sent = library.request(options, (response) => {
    collect(response, asked.show ?? []).then(resolve, reject);
  });
  sent.setTimeout(ANSWER_LIMIT_MS, () =>
    sent.destroy(new Error(`no answer to ${asked.method} ${asked.path} in 60 s`)),
  );
  sent.on('error', (error: NodeJS.ErrnoException) => {
    const isAnswer = error.code === 'ECONNREFUSED' || asked.tls !== undefined;
    if (isAnswer) resolve({ refused: error.code ?? error.message });
    else reject(error);
  });
  sent.end(payload);
  return promise;
}

/** `binary` says only that there were bytes; `text` leaves JSON unread. */
export function readAnswer(exchanged: Exchange, form: 'json' | 'text' | 'binary'): Answer {
  if ('refused' in exchanged) return exchanged;
  const { status, headers, isShown, content } = exchanged;
  const hasHeaders = content.length > 0 || isShown;
  const head = { status, ...(hasHeaders ? { headers } : {}) };
  if (content.length === 0) return head;
  if (form === 'binary') return { ...head, bytes: true };
  const text = content.toString();
  return { ...head, body: form === 'json' ? parsed(text) : text };
}

function headersOf(asked: Request, payload: string | Buffer | undefined): Record<string, string> {
  return {
    ...(typeof asked.token === 'string' ? { 'X-Vault-Token': asked.token } : {}),
    ...(payload === undefined
      ? {}
      : {
          'Content-Type': 'application/json',
          'Content-Length': String(Buffer.byteLength(payload)),
        }),
    'X-Vault-Request': 'true',
    ...asked.headers,
  };
}

async function collect(response: http.IncomingMessage, show: readonly string[]): Promise<Exchange> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer); // no encoding is set
  const names = ['content-type', ...show].map((name) => name.toLowerCase());
  return {
    status: response.statusCode ?? 0,
    isShown: show.length > 0,
    headers: Object.fromEntries(names.map((name) => [name, response.headers[name] ?? null])),
    content: Buffer.concat(chunks),
  };
}

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
