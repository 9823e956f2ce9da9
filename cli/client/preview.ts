// What would be sent, instead of sending it: as a curl command, or as the policy that the request needs.

import type { Readable } from 'node:stream';

/** Bytes too many to hold, read anew for each attempt. */
export type Source = () => Readable;

/** Takes the body of an answer as it comes, where that is too large to hold. */
export type Into = (body: Readable) => Promise<void>;

/** A request that is about to leave. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  /** The path below `/v1/`, not encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Source | undefined;
  /** For an answer that is no error; its body is then empty. */
  readonly into?: Into | undefined;
}

export type PreviewKind = 'curl' | 'policy';

/** Thrown in place of sending; the dispatcher prints its text. */
export class RequestPreview extends Error {
  override readonly name = 'RequestPreview';
}

const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  GET: ['read'],
  PUT: ['create', 'update'],
  POST: ['create', 'update'],
  PATCH: ['patch'],
  DELETE: ['delete'],
};

/** Paths that ask for `sudo` besides. */
const SUDO: readonly RegExp[] = [
  /^auth\/token\/(accessors|revoke-orphan)/,
  /^pki\/root(\/sign-self-issued)?$/,
  /^sys\/(audit|raw|rotate|remount|seal|step-down|replication)(\/|$)/,
  /^sys\/auth\/.+/,
  /^sys\/config\/(auditing\/request-headers|cors|ui\/headers)/,
  /^sys\/internal\/inspect\//,
  /^sys\/leases(\/(lookup|revoke-force|revoke-prefix)(\/|$)|$)/,
  /^sys\/plugins\/catalog\/.+\/.+/,
  /^sys\/storage\/raft\/snapshot-auto\/config/,
];

export const previewOf = (kind: PreviewKind, request: Outgoing): RequestPreview =>
  new RequestPreview(kind === 'curl' ? curlCommand(request) : policy(request));

function curlCommand({ method, url, headers, body }: Outgoing): string {
  const parts = ['curl'];
  if (method !== 'GET') parts.push('-X', method);
  for (const [name, value] of Object.entries(headers)) {
    // The token itself must not end up in the history of a shell.
    const shown = name === 'X-Vault-Token' ? '$(vault print token)' : value;
    parts.push('-H', `"${name}: ${shown}"`);
  }
  if (typeof body === 'string') parts.push('-d', `'${body.replaceAll("'", `'"'"'`)}'`);
  parts.push(url.search === '' ? url.href : `"${url.href}"`);
  return parts.join(' ');
}

function policy({ method, url, path }: Outgoing): string {
  const isList = method === 'GET' && url.searchParams.get('list') === 'true';
  const capabilities = [...(isList ? ['list'] : (CAPABILITIES[method] ?? []))];
  if (SUDO.some((pattern) => pattern.test(path))) capabilities.push('sudo');
  const quoted = capabilities.map((capability) => `"${capability}"`).join(', ');
  return `path "${path}" {\n  capabilities = [${quoted}]\n}`;
}
