// What the active node has to know of a request that it gets from a standby, beside the request: who the client is. It
// travels in one header that counts on the cluster port alone.
import type { IncomingMessage } from 'node:http';
import { isJsonObject, parseJson } from '#sdk/json.ts';
import type { ClientCertificate } from '../request/client-certificate.ts';

export interface ForwardedFacts {
  /** By which the standby's own log and answer name the request. */
  readonly requestId: string;
  /** The client, as the standby's listener has found it. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Shown to the standby. */
  readonly certificate: ClientCertificate | undefined;
  /** The settings of the standby's listener that the active node is to keep to, in a form of the caller's own. */
  readonly listener: Readonly<Record<string, unknown>>;
}

export const FACTS_HEADER = 'x-coffer-forwarded';

/** A client's certificates, above all. With the client's own headers it must fit what the active node takes. */
export const FACTS_MAX = 48 * 1024;

/** Facts of one connection only (RFC 9110, 7.6.1), which do not go through. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  FACTS_HEADER,
]);

/**
 * Headers as they came, in turn name and value, without those that belong to one connection. Repeated ones stay so:
 * two tokens must not become one on the way.
 */
export function endToEnd(rawHeaders: readonly string[]): string[] {
  const named = new Set(
    pairs(rawHeaders)
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.split(',').map((one) => one.trim().toLowerCase())),
  );
  return pairs(rawHeaders)
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()))
    .flat();
}

function pairs(rawHeaders: readonly string[]): (readonly [string, string])[] {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    found.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  }
  return found;
}

export const encodeFacts = (facts: ForwardedFacts): string =>
  Buffer.from(JSON.stringify(facts)).toString('base64url');

/** The facts that came with a request, which is then as the client sent it; `undefined` when there are none. */
export function takeFacts(request: IncomingMessage): ForwardedFacts | undefined {
  const lines = request.headersDistinct[FACTS_HEADER] ?? [];
  withoutFacts(request);
  const [line] = lines;
  if (line === undefined || lines.length > 1) return undefined;
  try {
    const facts = parseJson(Buffer.from(line, 'base64url').toString());
    return isFacts(facts) ? facts : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes what only a standby may say. To be done with whatever comes from anywhere else. */
export function withoutFacts(request: IncomingMessage): void {
  delete request.headers[FACTS_HEADER];
  delete request.headersDistinct[FACTS_HEADER];
  request.rawHeaders = pairs(request.rawHeaders)
    .filter(([name]) => name.toLowerCase() !== FACTS_HEADER)
    .flat();
}

function isFacts(value: unknown): value is ForwardedFacts {
  if (!isJsonObject(value)) return false;
  const { requestId, remoteAddress, remotePort, listener, certificate } = value;
  return (
    typeof requestId === 'string' &&
    typeof remoteAddress === 'string' &&
    Number.isInteger(remotePort) &&
    isJsonObject(listener) &&
    (certificate === undefined || isCertificate(certificate))
  );
}

function isCertificate(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { isVerified, chain } = value;
  return (
    typeof isVerified === 'boolean' &&
    Array.isArray(chain) &&
    chain.every((one) => typeof one === 'string')
  );
}
