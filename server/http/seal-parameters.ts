// What init and unseal take. They are asked before there is a mount that could declare them.
import type { ClientError } from '#sdk/errors.ts';
import { badRequest } from '#sdk/errors.ts';
import type { ShareNumbers } from '#storage/seal/seal.ts';

type Parameters = Readonly<Record<string, unknown>>;

const HEX = /^(?:[0-9a-fA-F]{2})+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const RECOVERY = ['recovery_shares', 'recovery_threshold', 'recovery_pgp_keys'];

/** @throws ClientError 400 for parameters of another seal, and for keys to encrypt shares with, which is not built */
export function initParameters(parameters: Parameters): ShareNumbers {
  const numbers = {
    secret_shares: numberOf(parameters, 'secret_shares'),
    secret_threshold: numberOf(parameters, 'secret_threshold'),
  };
  const recovery = RECOVERY.filter((name) => isGiven(parameters[name]));
  if (recovery.length > 0) {
    throw badRequest(`parameters ${recovery.join(',')} not applicable to seal type shamir`);
  }
  const keys = parameters['pgp_keys'];
  if (Array.isArray(keys) && keys.length > 0) refusePgp(keys.length, numbers.secret_shares);
  if (isGiven(parameters['root_token_pgp_key'])) {
    throw badRequest('encrypting with PGP keys is not supported');
  }
  return numbers;
}

function refusePgp(keys: number, shares: number): never {
  if (keys !== shares) {
    throw badRequest(
      'invalid seal configuration: count mismatch between number of provided PGP keys and number of shares',
    );
  }
  throw badRequest('encrypting with PGP keys is not supported');
}

/** The bytes of a share, or that the attempt is to begin anew. */
export type UnsealRequest =
  | { readonly reset: true; readonly key?: undefined }
  | { readonly reset: false; readonly key: Buffer };

export function unsealParameters(parameters: Parameters): UnsealRequest {
  if (parameters['reset'] === true) return { reset: true };
  const key = parameters['key'];
  if (typeof key !== 'string' && key !== undefined) throw badJson();
  if (key === undefined || key === '') {
    throw badRequest("'key' must be specified in request body as JSON, or 'reset' set to true");
  }
  if (HEX.test(key)) return { reset: false, key: Buffer.from(key, 'hex') };
  if (!BASE64.test(key)) throw badRequest("'key' must be a valid hex or base64 string");
  return { reset: false, key: Buffer.from(key, 'base64') };
}

function numberOf(parameters: Parameters, name: string): number {
  const value = parameters[name] ?? 0;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw badJson();
  return value;
}

const isGiven = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== 0 &&
  value !== '' &&
  !(Array.isArray(value) && value.length === 0);

const badJson = (): ClientError =>
  badRequest('failed to parse JSON input: a field has the wrong type');
