// What `vault pki health-check` looks at. A check reads what it needs and says what it finds, without any advice that it cannot prove.
import { X509Certificate } from 'node:crypto';
import { type JsonObject, text, texts } from '../../client/secret.ts';

export type Status = 'ok' | 'informational' | 'warning' | 'critical' | 'insufficient_permissions';

export interface Finding {
  readonly status: Status;
  readonly endpoint: string;
  readonly message: string;
}

/** What a check may ask: the mount's own paths, and what has been found below them. */
export interface Subject {
  readonly mount: string;
  readonly now: number;
  /** The data at a path; `undefined` where there is none. */
  readonly read: (path: string) => Promise<JsonObject | undefined>;
  readonly list: (path: string) => Promise<readonly string[]>;
}

export interface Check {
  readonly name: string;
  run(subject: Subject): Promise<readonly Finding[]>;
}

const DAY_MILLISECONDS = 86_400_000;

/** How many days before its end an authority is worth a word; a root takes longest to replace. */
const VALIDITY_DAYS = {
  root: { critical: 180, warning: 365, informational: 730 },
  intermediate: { critical: 30, warning: 60, informational: 180 },
} as const;

/** From how many certificates on a mount gets slow. */
const CERTIFICATES = { critical: 250_000, warning: 50_000 } as const;

/** How long ago the last tidy may have been. */
const TIDY_DAYS = { critical: 7, warning: 2 } as const;

const AUDITED_REQUEST_KEYS = [
  'csr',
  'certificate',
  'issuer_ref',
  'common_name',
  'alt_names',
  'ttl',
  'serial_number',
];

export const CHECKS: readonly Check[] = [
  { name: 'ca_validity_period', run: checkValidity },
  { name: 'role_allows_localhost', run: (subject) => checkRoles(subject, localhost) },
  { name: 'role_allows_glob_wildcards', run: (subject) => checkRoles(subject, globWildcards) },
  { name: 'role_no_store_false', run: (subject) => checkRoles(subject, stores) },
  { name: 'audit_visibility', run: checkAudit },
  { name: 'allow_if_modified_since', run: checkModifiedSince },
  { name: 'enable_auto_tidy', run: checkAutoTidy },
  { name: 'tidy_last_run', run: checkLastTidy },
  { name: 'too_many_certs', run: checkCount },
];

async function checkValidity({ mount, now, read, list }: Subject): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const id of await list(`${mount}/issuers`)) {
    const endpoint = `${mount}/issuer/${id}`;
    const pem = text((await read(endpoint))?.['certificate']);
    if (pem !== '') findings.push({ ...validity(new X509Certificate(pem), now), endpoint });
  }
  return findings;
}

function validity(certificate: X509Certificate, now: number): Omit<Finding, 'endpoint'> {
  const days = Math.floor((Date.parse(certificate.validTo) - now) / DAY_MILLISECONDS);
  const limits =
    VALIDITY_DAYS[certificate.subject === certificate.issuer ? 'root' : 'intermediate'];
  const levels = ['critical', 'warning', 'informational'] as const;
  const status = levels.find((level) => days < limits[level]) ?? 'ok';
  const message =
    days < 0 ? `Issuer expired ${-days} days ago.` : `Issuer's validity ends in ${days} days.`;
  return { status, message };
}

type RoleRule = (role: JsonObject) => string | undefined;

const localhost: RoleRule = (role) =>
  role['allow_localhost'] === true
    ? 'Role currently allows localhost issuance: set allow_localhost=false where that is not meant.'
    : undefined;

const globWildcards: RoleRule = (role) =>
  role['allow_glob_domains'] === true && role['allow_wildcard_certificates'] === true
    ? 'Role currently allows wildcard issuance while allowing globs in allowed_domains: a glob may match a wildcard label.'
    : undefined;

const stores: RoleRule = (role) =>
  role['no_store'] === false
    ? 'Role currently stores every issued certificate (no_store=false): many certificates can exceed the storage and make operations slow.'
    : undefined;

async function checkRoles(
  { mount, read, list }: Subject,
  rule: RoleRule,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of await list(`${mount}/roles`)) {
    const endpoint = `${mount}/roles/${name}`;
    const problem = rule((await read(endpoint)) ?? {});
    findings.push({
      endpoint,
      status: problem === undefined ? 'ok' : 'warning',
      message: problem ?? 'Role follows best practices.',
    });
  }
  return findings;
}

/** The only finding of a check. */
const one = (status: Status, endpoint: string, message: string): readonly Finding[] => [
  { status, endpoint, message },
];

async function checkAudit({ mount, read }: Subject): Promise<readonly Finding[]> {
  const endpoint = `sys/mounts/${mount}/tune`;
  const shown = texts((await read(endpoint))?.['audit_non_hmac_request_keys']) ?? [];
  const hidden = AUDITED_REQUEST_KEYS.filter((key) => !shown.includes(key)).join(', ');
  if (hidden === '') return one('ok', endpoint, 'Mount audits issuance in the clear.');
  const message = `Mount currently HMACs request parameters that help to audit issuance: ${hidden}. Add them to audit_non_hmac_request_keys.`;
  return one('informational', endpoint, message);
}

async function checkModifiedSince({ mount, read }: Subject): Promise<readonly Finding[]> {
  const endpoint = `sys/mounts/${mount}/tune`;
  const tune = (await read(endpoint)) ?? {};
  const has = (field: string, header: string): boolean =>
    (texts(tune[field]) ?? []).some((name) => name.toLowerCase() === header);
  if (
    has('passthrough_request_headers', 'if-modified-since') &&
    has('allowed_response_headers', 'last-modified')
  ) {
    return one('ok', endpoint, 'Mount passes the headers of conditional requests.');
  }
  const message =
    'Mount passes neither If-Modified-Since requests nor Last-Modified answers on; with both, clients fetch authorities and revocation lists only when they have changed.';
  return one('informational', endpoint, message);
}

async function checkAutoTidy({ mount, read }: Subject): Promise<readonly Finding[]> {
  const endpoint = `${mount}/config/auto-tidy`;
  if ((await read(endpoint))?.['enabled'] === true) {
    return one('ok', endpoint, 'Auto-tidy is enabled.');
  }
  const message = 'Auto-tidy is disabled; it would keep the number of stored certificates small.';
  return one('informational', endpoint, message);
}

async function checkLastTidy({ mount, now, read }: Subject): Promise<readonly Finding[]> {
  const endpoint = `${mount}/tidy-status`;
  const last = text((await read(endpoint))?.['time_finished']);
  if (last === '') return one('critical', endpoint, 'Tidy has not run on this leader.');
  const days = Math.floor((now - Date.parse(last)) / DAY_MILLISECONDS);
  return one(statusAbove(days, TIDY_DAYS), endpoint, `Tidy finished ${days} days ago.`);
}

async function checkCount({ mount, list }: Subject): Promise<readonly Finding[]> {
  const endpoint = `${mount}/certs`;
  const stored = (await list(endpoint)).length;
  const message = `This mount has ${stored} certificates.`;
  return one(statusAbove(stored, CERTIFICATES), endpoint, message);
}

interface Limits {
  readonly critical: number;
  readonly warning: number;
}

function statusAbove(value: number, { critical, warning }: Limits): Status {
  if (value >= critical) return 'critical';
  return value >= warning ? 'warning' : 'ok';
}
