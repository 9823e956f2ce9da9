// Wrapping tokens in the form of a JWT, for clients that read where a token is from and when it ends. The key is made
// when the first one is asked for. https://developer.hashicorp.com/vault/docs/concepts/response-wrapping
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type JsonWebKey,
} from 'node:crypto';
import type { Millis } from '#sdk/clock.ts';
import type { Seconds } from '#sdk/duration.ts';
import { isJsonObject, parseJson } from '#sdk/json.ts';
import type { Transaction } from '#storage/transaction.ts';

const KEY_KEY = 'core/wrapping/jwtkey';
const HEADER = { alg: 'ES512', typ: 'JWT' };
const SIGNATURE_FORM = { dsaEncoding: 'ieee-p1363' } as const;

interface KeyRecord {
  /** RFC 7517, private. */
  readonly key: JsonWebKey;
}

export interface JwtFacts {
  readonly token: string;
  /** Where the token can be opened. */
  readonly address: string;
  readonly at: Millis;
  readonly ttl: Seconds;
}

export function makeWrappingJwt(
  transaction: Transaction,
  { token, address, at, ttl }: JwtFacts,
): string {
  const issued = Math.floor(at / 1000);
  const claims = {
    accessor: '',
    addr: address,
    exp: issued + ttl,
    iat: issued,
    jti: token,
    nbf: issued,
    type: 'wrapping',
  };
  const content = `${encode(HEADER)}.${encode(claims)}`;
  const key = createPrivateKey({ key: ensureKey(transaction), format: 'jwk' });
  const signature = sign('sha512', Buffer.from(content), { key, ...SIGNATURE_FORM });
  return `${content}.${signature.toString('base64url')}`;
}

/** The token inside a JWT of ours; `undefined` for anything else. When it ends is the token's own business. */
export function openWrappingJwt(transaction: Transaction, text: string): string | undefined {
  const [header = '', claims = '', signature = '', ...more] = text.split('.');
  if (signature === '' || more.length > 0) return undefined;
  const stored = transaction.get<KeyRecord>(KEY_KEY);
  if (stored === undefined || header !== encode(HEADER)) return undefined;
  const key = createPublicKey({ key: stored.key, format: 'jwk' });
  const content = Buffer.from(`${header}.${claims}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify('sha512', content, { key, ...SIGNATURE_FORM }, bytes)) return undefined;
  const decoded = parseJson(Buffer.from(claims, 'base64url').toString());
  const token = isJsonObject(decoded) ? decoded['jti'] : undefined;
  return typeof token === 'string' ? token : undefined;
}

/** The coordinates of the public key in decimal digits, as Vault shows them. */
export function wrappingPublicKey(transaction: Transaction): {
  readonly x: string;
  readonly y: string;
} {
  const { x = '', y = '' } = ensureKey(transaction);
  return { x: decimal(x), y: decimal(y) };
}

function ensureKey(transaction: Transaction): JsonWebKey {
  const stored = transaction.get<KeyRecord>(KEY_KEY);
  if (stored !== undefined) return stored.key;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const key = privateKey.export({ format: 'jwk' });
  transaction.put(KEY_KEY, { key } satisfies KeyRecord);
  return key;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const decimal = (coordinate: string): string =>
  BigInt(`0x${Buffer.from(coordinate, 'base64url').toString('hex') || '0'}`).toString();
