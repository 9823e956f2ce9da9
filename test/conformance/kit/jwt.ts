// Signs tokens with keys made for this run, and looks into tokens.
import {
  createPublicKey,
  createSign,
  generateKeyPairSync,
  sign as signBytes,
  verify,
} from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { Fields } from './scenario.ts';

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const MAKERS: Readonly<Record<string, () => Pair>> = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};
const pairs = new Map<string, Pair>();

export interface Unsigned {
  readonly key: string;
  readonly alg?: string;
  /** Claims whose value is "+60" or "-60" are that many seconds from now. */
  readonly claims: Fields;
  readonly header?: Fields;
}

export function sign({ key, alg = 'ES256', claims, header = {} }: Unsigned): string {
  const now = Math.floor(Date.now() / 1000);
  const timed = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      typeof value === 'string' && /^[+-]\d+$/.test(value) ? now + Number(value) : value,
    ]),
  );
  const text = `${encode({ alg, typ: 'JWT', kid: key, ...header })}.${encode(timed)}`;
  return `${text}.${signature(alg, text, pair(key, alg).privateKey).toString('base64url')}`;
}

export function publicPem(name: string, alg: string): string {
  return pair(name, alg).publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

export function publicKeys(name: string, alg: string): { readonly keys: readonly unknown[] } {
  const key = pair(name, alg).publicKey.export({ format: 'jwk' });
  return { keys: [{ ...key, kid: name, alg, use: 'sig' }] };
}

/** What is in a token, how many seconds it is good for, and whether one of the published keys signed it. */
export function decode(token: string, keys: unknown): unknown {
  const [head = '', body = '', end = ''] = token.split('.');
  const header = read(head) as { readonly alg: string; readonly kid: string };
  const claims = read(body) as { readonly exp: number; readonly iat: number };
  const decoded = { header, claims, lifetime: claims.exp - claims.iat };
  if (!Array.isArray(keys)) return decoded;
  const key = (keys as readonly (JsonWebKey & { kid: string })[]).find(
    ({ kid }) => kid === header.kid,
  );
  const hash = header.alg === 'EdDSA' ? null : `sha${header.alg.slice(2)}`;
  const signed =
    key !== undefined &&
    verify(
      hash,
      Buffer.from(`${head}.${body}`),
      { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(end, 'base64url'),
    );
  return { ...decoded, signed };
}

function pair(name: string, alg: string): Pair {
  const id = `${name} ${alg}`;
  const known = pairs.get(id);
  if (known !== undefined) return known;
  const make = MAKERS[alg];
  if (make === undefined) throw new Error(`no keys for ${alg}`);
  const made = make();
  pairs.set(id, made);
  return made;
}

function signature(alg: string, text: string, key: KeyObject): Buffer {
  if (alg === 'EdDSA') return signBytes(null, Buffer.from(text), key);
  const signer = createSign(alg === 'ES384' ? 'sha384' : 'sha256').update(text);
  return signer.sign(alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function read(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
