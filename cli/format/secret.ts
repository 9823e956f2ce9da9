// An answer of the server as a table, as a structure for programs, and field by field.
import type { Auth, JsonObject, Secret, WrapInfo } from '../client/secret.ts';
import { humanDuration, quoteList, show, showTime, sortedKeys } from './go.ts';
import { mapRows, type Row } from './map.ts';
import { wrapIndented } from './wrap.ts';

export function secretRows(secret: Secret): Row[] {
  return [
    ...leaseRows(secret),
    ...(secret.auth === undefined ? [] : authRows(secret.auth)),
    ...(secret.wrapInfo === undefined ? [] : wrapRows(secret.wrapInfo)),
    ...mapRows(secret.data ?? {}),
  ];
}

/** The warnings as they stand before a table. */
export function warningsText(warnings: readonly string[]): string {
  const items = warnings.map((warning) => `${wrapIndented(`* ${warning}`, 2)}\n`);
  return ['WARNING! The following warnings were returned from Vault:\n', ...items].join('\n');
}

/** Names and order of the fields are those that programs know from Vault. */
export function secretAsStructure(secret: Secret): ReadonlyMap<string, unknown> {
  const structure = new Map<string, unknown>([
    ['request_id', secret.requestId],
    ['lease_id', secret.leaseId],
    ['lease_duration', secret.leaseDuration],
    ['renewable', secret.renewable],
    ['data', secret.data ?? null],
    ['warnings', secret.warnings.length === 0 ? null : secret.warnings],
  ]);
  if (secret.auth !== undefined) structure.set('auth', authAsStructure(secret.auth));
  if (secret.wrapInfo !== undefined) structure.set('wrap_info', wrapAsStructure(secret.wrapInfo));
  return structure;
}

/** A field by its name in the table; what is no part of the envelope is looked for in the data. */
export function fieldOf(secret: Secret, field: string): unknown {
  const special = envelopeFields(secret);
  return special.has(field) ? special.get(field) : ownData(secret.data, field);
}

function envelopeFields(secret: Secret): ReadonlyMap<string, unknown> {
  const { auth, wrapInfo } = secret;
  if (auth !== undefined) {
    return new Map<string, unknown>([
      ['token', auth.clientToken],
      ['token_accessor', auth.accessor],
      ['token_duration', auth.leaseDuration],
      ['token_renewable', auth.renewable],
      ['token_policies', auth.tokenPolicies ?? []],
      ['identity_policies', auth.identityPolicies ?? []],
      ['policies', auth.policies ?? []],
    ]);
  }
  if (wrapInfo !== undefined) {
    return new Map<string, unknown>([
      ['wrapping_token', wrapInfo.token],
      ['wrapping_accessor', wrapInfo.accessor],
      ['wrapping_token_ttl', wrapInfo.ttl],
      ['wrapping_token_creation_time', wrapInfo.creationTime],
      ['wrapping_token_creation_path', wrapInfo.creationPath],
      ['wrapped_accessor', wrapInfo.wrappedAccessor],
    ]);
  }
  return new Map<string, unknown>([
    ['lease_duration', secret.leaseDuration],
    ['lease_id', secret.leaseId],
    ['request_id', secret.requestId],
    ['renewable', secret.renewable],
    ['refresh_interval', secret.leaseDuration],
    ['data', ownData(secret.data, 'data') ?? secret.data],
  ]);
}

const ownData = (data: JsonObject | undefined, field: string): unknown =>
  data !== undefined && Object.hasOwn(data, field) ? data[field] : undefined;

/** What has no lease is not leased but may be asked for again after a while. */
function leaseRows({ leaseDuration, leaseId, renewable }: Secret): Row[] {
  if (leaseDuration <= 0) return [];
  const duration = String(humanDuration(leaseDuration));
  if (leaseId === '') return [['refresh_interval', duration]];
  return [
    ['lease_id', leaseId],
    ['lease_duration', duration],
    ['lease_renewable', String(renewable)],
  ];
}

function authRows(auth: Auth): Row[] {
  if (auth.mfaRequirement !== undefined) return mfaRows(auth.mfaRequirement);
  const metadata = auth.metadata ?? {};
  return [
    ['token', auth.clientToken],
    ['token_accessor', auth.accessor],
    // Root tokens live for ever.
    ['token_duration', auth.leaseDuration === 0 ? '∞' : String(humanDuration(auth.leaseDuration))],
    ['token_renewable', String(auth.renewable)],
    ['token_policies', quoteList(auth.tokenPolicies)],
    ['identity_policies', quoteList(auth.identityPolicies)],
    ['policies', quoteList(auth.policies)],
    ...sortedKeys(metadata).map((key): Row => [`token_meta_${key}`, show(metadata[key])]),
  ];
}

/** A login that waits for a second factor: which methods would do. */
function mfaRows(requirement: JsonObject): Row[] {
  const constraints = Object.entries((requirement['mfa_constraints'] ?? {}) as JsonObject);
  const rows = constraints.flatMap(([name, constraint]) => {
    const methods = ((constraint as JsonObject)['any'] ?? []) as readonly JsonObject[];
    return methods.flatMap((method): Row[] => {
      const prefix = `mfa_constraint_${name}_${show(method['type'])}`;
      return [
        [`${prefix}_id`, show(method['id'])],
        [`${prefix}_uses_passcode`, show(method['uses_passcode'])],
        [`${prefix}_name`, show(method['name'] ?? '')],
      ];
    });
  });
  return [['mfa_request_id', show(requirement['mfa_request_id'])], ...rows];
}

function wrapRows(wrap: WrapInfo): Row[] {
  const rows: Row[] = [
    ['wrapping_token:', wrap.token],
    ['wrapping_accessor:', wrap.accessor],
    ['wrapping_token_ttl:', String(humanDuration(wrap.ttl))],
    ['wrapping_token_creation_time:', showTime(wrap.creationTime)],
    ['wrapping_token_creation_path:', wrap.creationPath],
  ];
  return wrap.wrappedAccessor === ''
    ? rows
    : [...rows, ['wrapped_accessor:', wrap.wrappedAccessor]];
}

const authAsStructure = (auth: Auth): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['client_token', auth.clientToken],
    ['accessor', auth.accessor],
    ['policies', auth.policies ?? null],
    ['token_policies', auth.tokenPolicies ?? null],
    ['identity_policies', auth.identityPolicies ?? null],
    ['metadata', auth.metadata ?? null],
    ['orphan', auth.orphan],
    ['entity_id', auth.entityId],
    ['lease_duration', auth.leaseDuration],
    ['renewable', auth.renewable],
    ['mfa_requirement', auth.mfaRequirement ?? null],
  ]);

const wrapAsStructure = (wrap: WrapInfo): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['token', wrap.token],
    ['accessor', wrap.accessor],
    ['ttl', wrap.ttl],
    ['creation_time', wrap.creationTime],
    ['creation_path', wrap.creationPath],
    ['wrapped_accessor', wrap.wrappedAccessor],
  ]);
