// The client of a server's HTTP API: what the commands ask, with the headers, redirects and retries of Vault's own client.
import { parseJson } from '#sdk/json.ts';
import { parseAddress, type Query, socketOf, urlOf } from './address.ts';
import { type Into, type Outgoing, type PreviewKind, previewOf, type Source } from './preview.ts';
import { ResponseError } from './response-error.ts';
import { type JsonObject, object, parseSecret, type Secret } from './secret.ts';
import type { Settings } from './settings.ts';
import { type Answer, openTransport, type Transport } from './transport.ts';

export interface ClientOptions {
  readonly settings: Settings;
  readonly token: string;
  /** Show the request instead of sending it. */
  readonly preview: PreviewKind | undefined;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface Request {
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Takes the body of an answer that is no error. */
  readonly into?: Into;
  /** A question on the way to the real one: never wrapped and never shown in its place. */
  readonly isAside?: boolean;
}

const MERGE_PATCH = 'application/merge-patch+json';
const REDIRECTS: readonly number[] = [301, 302, 307, 308];
/** The first wait before a retry, and the longest. */
const RETRY_WAIT_MIN_MILLISECONDS = 1000;
const RETRY_WAIT_MAX_MILLISECONDS = 1500;
const WRAP_PATH = 'sys/wrapping/wrap';
const WRAP_TTL_DEFAULT = '5m';

export class Client {
  readonly settings: Settings;
  token: string;
  readonly #address: URL;
  readonly #preview: PreviewKind | undefined;
  readonly #sleep: ClientOptions['sleep'];
  #transport: Transport | undefined;

  /** Throws where the address is none. */
  constructor({ settings, token, preview, sleep }: ClientOptions) {
    this.settings = settings;
    this.token = token;
    this.#address = parseAddress(settings.address);
    this.#preview = preview;
    this.#sleep = sleep;
  }

  /** A secret, or nothing where there is none. */
  async read(path: string, request: Request = {}): Promise<Secret | undefined> {
    return this.#orAbsent(this.send('GET', path, request));
  }

  async list(path: string): Promise<Secret | undefined> {
    return this.#orAbsent(this.send('GET', path, { query: [['list', 'true']] }));
  }

  async write(path: string, body?: unknown): Promise<Secret | undefined> {
    return this.call('PUT', path, { body });
  }

  async patch(path: string, body: JsonObject): Promise<Secret | undefined> {
    return this.call('PATCH', path, { body, contentType: MERGE_PATCH });
  }

  async delete(path: string, query: Query = []): Promise<Secret | undefined> {
    return this.call('DELETE', path, { query });
  }

  /** Any request whose answer is an envelope or nothing. Throws where it is refused. */
  async call(method: string, path: string, request: Request = {}): Promise<Secret | undefined> {
    const answer = await this.send(method, path, request);
    return parseSecret(answer.body.toString());
  }

  /** The bare JSON object of an answer, as `sys/` paths have it: its `data` where it is an envelope. */
  async fetch(method: string, path: string, request: Request = {}): Promise<JsonObject> {
    const answer = await this.send(method, path, request);
    const body = answer.body.length === 0 ? {} : (object(parseJson(answer.body.toString())) ?? {});
    return 'request_id' in body ? (object(body['data']) ?? {}) : body;
  }

  /** The answer as it came. Throws a `ResponseError` for one of 400 or above. */
  async send(method: string, path: string, request: Request = {}): Promise<Answer> {
    const outgoing = this.#outgoing(method, path, request);
    if (this.#preview !== undefined && request.isAside !== true) {
      throw previewOf(this.#preview, outgoing);
    }
    const { answer, url } = await this.#follow(outgoing);
    if (answer.status < 400) return answer;
    const body = answer.body.toString();
    throw new ResponseError({ method, url: url.href, status: answer.status, body });
  }

  /** Lets go of connections; the client may still be used. */
  close(): void {
    this.#transport?.close();
    this.#transport = undefined;
  }

  /** An answer of 404 may still carry warnings or data; else it says that there is nothing. */
  async #orAbsent(sent: Promise<Answer>): Promise<Secret | undefined> {
    try {
      return parseSecret((await sent).body.toString());
    } catch (error) {
      if (!(error instanceof ResponseError) || error.status !== 404) throw error;
      const secret = parseSecret(error.body);
      return secret?.warnings.length || secret?.data ? secret : undefined;
    }
  }

  #outgoing(method: string, path: string, request: Request): Outgoing {
    return {
      method,
      path,
      url: urlOf(this.#address, path, request.query ?? []),
      headers: {
        'X-Vault-Request': 'true',
        ...this.#headers(method, path, request),
        ...(request.contentType === undefined ? {} : { 'Content-Type': request.contentType }),
      },
      body: bodyOf(request.body),
      into: request.into,
    };
  }

  #headers(method: string, path: string, request: Request): Record<string, string> {
    const { namespace, mfa, isPolicyOverride, headers } = this.settings;
    const wrapTtl = request.isAside === true ? '' : this.#wrapTtl(method, path);
    return {
      ...headers,
      ...(this.token === '' ? {} : { 'X-Vault-Token': this.token }),
      ...(namespace === '' ? {} : { 'X-Vault-Namespace': namespace }),
      ...(wrapTtl === '' ? {} : { 'X-Vault-Wrap-TTL': wrapTtl }),
      ...(mfa.length === 0 ? {} : { 'X-Vault-MFA': mfa.join(',') }),
      ...(isPolicyOverride ? { 'X-Vault-Policy-Override': 'true' } : {}),
    };
  }

  #wrapTtl(method: string, path: string): string {
    if (this.settings.wrapTtl !== '') return this.settings.wrapTtl;
    return method !== 'GET' && path === WRAP_PATH ? WRAP_TTL_DEFAULT : '';
  }

  /** A standby sends on to the active node once; a second time would be a circle. */
  async #follow(first: Outgoing): Promise<{ readonly answer: Answer; readonly url: URL }> {
    const answer = await this.#retry(first);
    const target = answer.headers['location'];
    if (!REDIRECTS.includes(answer.status) || typeof target !== 'string') {
      return { answer, url: first.url };
    }
    if (!this.settings.followsRedirects) return { answer, url: first.url };
    const url = new URL(target, first.url);
    if (first.url.protocol === 'https:' && url.protocol !== 'https:') {
      throw new Error('redirect would cause protocol downgrade');
    }
    this.close(); // the other node may be reached in another way
    return { answer: await this.#retry({ ...first, url }), url };
  }

  async #retry(request: Outgoing): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt >= this.settings.maxRetries;
      try {
        const answer = await (await this.#open(request.url)).send(request);
        if (isLast || !isTemporary(answer.status)) return answer;
      } catch (error) {
        if (isLast) throw error;
      }
      await this.#sleep(
        Math.min(RETRY_WAIT_MIN_MILLISECONDS * 2 ** attempt, RETRY_WAIT_MAX_MILLISECONDS),
      );
    }
  }

  async #open(url: URL): Promise<Transport> {
    const { tls, timeoutMilliseconds, address } = this.settings;
    this.#transport ??= await openTransport(url.protocol, {
      tls,
      timeoutMilliseconds,
      socketPath: socketOf(address),
    });
    return this.#transport;
  }
}

const bodyOf = (body: unknown): Outgoing['body'] => {
  if (body === undefined || body instanceof Uint8Array) return body;
  return typeof body === 'function' ? (body as Source) : JSON.stringify(body);
};

/** What a later try may answer otherwise: an error of the server, too many requests, a standby that lags behind. */
const isTemporary = (status: number): boolean =>
  status === 412 || status === 429 || (status >= 500 && status !== 501);
