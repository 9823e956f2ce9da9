// What a listener's settings must not say together.
import { HclError, type Position } from '../hcl/position.ts';
import type { Body } from '../hcl/values.ts';
import type { Listener } from './listener.ts';
import type { Context } from './setting.ts';

type Contradiction = readonly [boolean, string];

/** A negative size means no bound, as in Vault; a negative time or count means nothing. */
const MAY_BE_NEGATIVE: ReadonlySet<string> = new Set(['max_request_size', 'max_token_header_size']);

export function checkListener(listener: Listener, at: Position): void {
  const contradictions = [
    ...inTls(listener),
    ...inForwarding(listener),
    ...inNumbers(listener),
    ...notBuilt(listener),
  ];
  for (const [isThere, reason] of contradictions) {
    if (isThere) throw new HclError(reason, at);
  }
}

/** What would change who a client is taken for must not be read over. */
function notBuilt(listener: Listener): readonly Contradiction[] {
  return [
    [listener.proxy_protocol_behavior !== '', "'proxy_protocol_behavior' is not supported"],
    [
      listener.x_forwarded_for_client_cert_header !== '',
      "'x_forwarded_for_client_cert_header' is not supported",
    ],
  ];
}

/** Settings about forwarded addresses are idle until somebody is trusted to forward. */
export function warnWithoutForwarding(listener: Listener, body: Body, context: Context): void {
  if (listener.x_forwarded_for_authorized_addrs.length > 0) return;
  const reason = 'x_forwarded_for_authorized_addrs is not set, so forwarding is not enabled';
  for (const { keys } of body.entries) {
    const [key] = keys;
    if (key?.text.startsWith('x_forwarded_for_') === true) {
      context.warn(`${reason} but ${key.text} was set`, key.at);
    }
  }
}

function inTls(listener: Listener): readonly Contradiction[] {
  const { tls_require_and_verify_client_cert: required, tls_disable_client_certs: off } = listener;
  const lacksFiles = listener.tls_cert_file === '' || listener.tls_key_file === '';
  return [
    [
      listener.type === 'tcp' && !listener.tls_disable && lacksFiles,
      "'tls_cert_file' and 'tls_key_file' must be set unless 'tls_disable' is true",
    ],
    [
      listener.tls_min_version > listener.tls_max_version,
      "'tls_max_version' must be greater than or equal to 'tls_min_version'",
    ],
    [
      required && off,
      "'tls_require_and_verify_client_cert' and 'tls_disable_client_certs' are mutually exclusive",
    ],
  ];
}

function inForwarding(listener: Listener): readonly Contradiction[] {
  const { proxy_protocol_behavior: behavior, cors_allowed_origins: origins } = listener;
  const trustsNobody = listener.proxy_protocol_authorized_addrs.length === 0;
  return [
    [
      behavior.endsWith('authorized') && trustsNobody,
      `proxy_protocol_behavior ${JSON.stringify(behavior)} needs 'proxy_protocol_authorized_addrs'`,
    ],
    [
      origins.includes('*') && origins.length > 1,
      'cors_allowed_origins must only contain a wildcard or only non-wildcard values',
    ],
  ];
}

function inNumbers(listener: Listener): readonly Contradiction[] {
  return Object.entries(listener).flatMap(([name, value]) => {
    if (typeof value !== 'number' || MAY_BE_NEGATIVE.has(name)) return [];
    return [[value < 0, `${name} cannot be negative but set to ${value}`] as const];
  });
}
