// Where the server is and how to talk to it: flags go before the environment, the environment before the defaults.
import { readFileSync, readdirSync } from 'node:fs';
import type { AgentOptions } from 'node:https';
import { join } from 'node:path';
import { parseDurationExact } from '#sdk/duration.ts';
import { serverFailure } from '../failure.ts';

export interface Settings {
  readonly address: string;
  readonly tls: AgentOptions;
  readonly namespace: string;
  /** `X-Vault-Wrap-TTL` of every request, '' for none. */
  readonly wrapTtl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly mfa: readonly string[];
  readonly isPolicyOverride: boolean;
  readonly followsRedirects: boolean;
  readonly maxRetries: number;
  readonly timeoutMilliseconds: number;
}

/** The values of the common flags that were given. */
export interface ConnectionFlags {
  readonly address?: string;
  readonly 'agent-address'?: string;
  readonly 'ca-cert'?: string;
  readonly 'ca-path'?: string;
  readonly 'client-cert'?: string;
  readonly 'client-key'?: string;
  readonly 'tls-server-name'?: string;
  readonly 'tls-skip-verify'?: boolean;
  readonly 'disable-redirects'?: boolean;
  readonly namespace?: string;
  readonly 'wrap-ttl'?: number;
  readonly 'policy-override'?: boolean;
  readonly header?: Readonly<Record<string, string>>;
  readonly mfa?: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_ADDRESS = 'https://127.0.0.1:8200';
const DEFAULT_TIMEOUT_SECONDS = 60;
/** A command is run by someone who can run it again: it retries only when told to. */
const DEFAULT_RETRIES = 0;

export function connectionSettings(flags: ConnectionFlags, environment: Environment): Settings {
  const wrapTtl = flags['wrap-ttl'];
  return {
    address: addressOf(flags, environment),
    tls: tlsOptions(flags, environment),
    namespace: flags.namespace ?? environment['VAULT_NAMESPACE'] ?? '',
    wrapTtl: wrapTtl ? `${wrapTtl}s` : (environment['VAULT_WRAP_TTL'] ?? ''),
    headers: customHeaders(flags.header ?? {}),
    mfa: flags.mfa ?? split(environment['VAULT_MFA']),
    isPolicyOverride: flags['policy-override'] === true,
    followsRedirects: !(flags['disable-redirects'] ?? flag(environment, 'VAULT_DISABLE_REDIRECTS')),
    maxRetries: number(environment, 'VAULT_MAX_RETRIES', DEFAULT_RETRIES),
    timeoutMilliseconds: timeout(environment),
  };
}

const split = (list: string | undefined): readonly string[] =>
  list === undefined || list === '' ? [] : list.split(',');

function addressOf(flags: ConnectionFlags, environment: Environment): string {
  const agent = flags['agent-address'] ?? environment['VAULT_AGENT_ADDR'] ?? '';
  if (agent !== '') return agent;
  return (flags.address ?? environment['VAULT_ADDR']) || DEFAULT_ADDRESS;
}

function tlsOptions(flags: ConnectionFlags, environment: Environment): AgentOptions {
  const certificate = flags['client-cert'] ?? environment['VAULT_CLIENT_CERT'] ?? '';
  const key = flags['client-key'] ?? environment['VAULT_CLIENT_KEY'] ?? '';
  if ((certificate === '') !== (key === '')) {
    throw serverFailure(
      'failed to setup TLS config: both client cert and client key must be provided',
    );
  }
  const authorities = authorityCertificates(flags, environment);
  const serverName = flags['tls-server-name'] ?? environment['VAULT_TLS_SERVER_NAME'] ?? '';
  const skips = flags['tls-skip-verify'] ?? flag(environment, 'VAULT_SKIP_VERIFY');
  return {
    ...(certificate === '' ? {} : { cert: readPem(certificate), key: readPem(key) }),
    ...(authorities.length === 0 ? {} : { ca: authorities }),
    ...(serverName === '' ? {} : { servername: serverName }),
    rejectUnauthorized: !skips,
  };
}

/** A single file goes before the text in the environment, that before a folder of files. */
function authorityCertificates(flags: ConnectionFlags, environment: Environment): string[] {
  const file = flags['ca-cert'] ?? environment['VAULT_CACERT'] ?? '';
  if (file !== '') return [readPem(file)];
  const text = environment['VAULT_CACERT_BYTES'] ?? '';
  if (text !== '') return [text];
  const folder = flags['ca-path'] ?? environment['VAULT_CAPATH'] ?? '';
  return folder === '' ? [] : readdirSync(folder).map((name) => readPem(join(folder, name)));
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw serverFailure(`failed to setup TLS config: Error loading ${path}: ${code}`);
  }
}

/** Headers with Vault's own prefix are set by the client alone. */
function customHeaders(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const reserved = Object.keys(headers).filter((name) => /^x-vault-/i.test(name));
  if (reserved.length === 0) return headers;
  throw serverFailure(
    `failed to setup Headers[${reserved.join(', ')}]: Header starting by 'X-Vault-' are for internal usage only`,
  );
}

function flag(environment: Environment, name: string): boolean {
  const raw = environment[name] ?? '';
  if (/^(1|t|T|TRUE|true|True)$/.test(raw)) return true;
  if (/^(|0|f|F|FALSE|false|False)$/.test(raw)) return false;
  throw serverFailure(`failed to read environment: could not parse ${name}`);
}

function number(environment: Environment, name: string, fallback: number): number {
  const raw = environment[name] ?? '';
  if (raw === '') return fallback;
  if (/^\d{1,9}$/.test(raw)) return Number(raw);
  throw serverFailure(`failed to read environment: could not parse ${name}`);
}

function timeout(environment: Environment): number {
  const raw = environment['VAULT_CLIENT_TIMEOUT'] ?? '';
  try {
    return 1000 * (raw === '' ? DEFAULT_TIMEOUT_SECONDS : parseDurationExact(raw));
  } catch {
    throw serverFailure('failed to read environment: could not parse "VAULT_CLIENT_TIMEOUT"');
  }
}
