// The envelope around every answer of a server: what it leaves out is filled in, so that output has all its fields.
import { isJsonObject, parseJson } from '#sdk/json.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Secret {
  readonly requestId: string;
  readonly leaseId: string;
  readonly leaseDuration: number;
  readonly renewable: boolean;
  readonly data: JsonObject | undefined;
  readonly warnings: readonly string[];
  readonly auth: Auth | undefined;
  readonly wrapInfo: WrapInfo | undefined;
}

export interface Auth {
  readonly clientToken: string;
  readonly accessor: string;
  readonly policies: readonly string[] | undefined;
  readonly tokenPolicies: readonly string[] | undefined;
  readonly identityPolicies: readonly string[] | undefined;
  readonly metadata: JsonObject | undefined;
  readonly orphan: boolean;
  readonly entityId: string;
  readonly leaseDuration: number;
  readonly renewable: boolean;
  readonly mfaRequirement: JsonObject | undefined;
}

export interface WrapInfo {
  readonly token: string;
  readonly accessor: string;
  readonly ttl: number;
  readonly creationTime: string;
  readonly creationPath: string;
  readonly wrappedAccessor: string;
}

/** A secret that is not from one answer, for what a command puts together itself. */
export const EMPTY_SECRET: Secret = {
  requestId: '',
  leaseId: '',
  leaseDuration: 0,
  renewable: false,
  data: undefined,
  warnings: [],
  auth: undefined,
  wrapInfo: undefined,
};

/**
 * The secret in a body, or nothing where there is none. A body that is no envelope at all
 * (`sys/health`) is data as a whole; one that holds only errors is no secret.
 */
export function parseSecret(body: string): Secret | undefined {
  if (body === '') return undefined;
  const answer = parseJson(body);
  if (!isJsonObject(answer)) return answer === null ? EMPTY_SECRET : undefined;
  const secret = envelope(answer);
  if (!isBlank(secret)) return secret;
  if (!('errors' in answer)) {
    return Object.keys(answer).length > 0 ? { ...secret, data: answer } : secret;
  }
  if (Object.keys(answer).length === 1) return undefined;
  throw new Error(texts(answer['errors'])?.join(' ') ?? '');
}

function envelope(answer: JsonObject): Secret {
  return {
    requestId: text(answer['request_id']),
    leaseId: text(answer['lease_id']),
    leaseDuration: count(answer['lease_duration']),
    renewable: answer['renewable'] === true,
    data: object(answer['data']),
    warnings: texts(answer['warnings']) ?? [],
    auth: parseAuth(object(answer['auth'])),
    wrapInfo: parseWrapInfo(object(answer['wrap_info'])),
  };
}

function parseAuth(auth: JsonObject | undefined): Auth | undefined {
  return (
    auth && {
      clientToken: text(auth['client_token']),
      accessor: text(auth['accessor']),
      policies: texts(auth['policies']),
      tokenPolicies: texts(auth['token_policies']),
      identityPolicies: texts(auth['identity_policies']),
      metadata: object(auth['metadata']),
      orphan: auth['orphan'] === true,
      entityId: text(auth['entity_id']),
      leaseDuration: count(auth['lease_duration']),
      renewable: auth['renewable'] === true,
      mfaRequirement: object(auth['mfa_requirement']),
    }
  );
}

function parseWrapInfo(wrap: JsonObject | undefined): WrapInfo | undefined {
  return (
    wrap && {
      token: text(wrap['token']),
      accessor: text(wrap['accessor']),
      ttl: count(wrap['ttl']),
      creationTime: text(wrap['creation_time']),
      creationPath: text(wrap['creation_path']),
      wrappedAccessor: text(wrap['wrapped_accessor']),
    }
  );
}

/** Whether none of the fields of an envelope was there. */
const isBlank = (secret: Secret): boolean =>
  secret.requestId === '' &&
  secret.leaseId === '' &&
  secret.leaseDuration === 0 &&
  !secret.renewable &&
  secret.data === undefined &&
  secret.warnings.length === 0 &&
  secret.auth === undefined &&
  secret.wrapInfo === undefined;

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
export const object = (value: unknown): JsonObject | undefined =>
  isJsonObject(value) ? value : undefined;
export const texts = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
