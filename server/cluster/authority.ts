// The cluster's own certificate authority. Its record is kept inside the barrier, so whoever has been unsealed, and
// nobody else, can issue itself the certificate of a node.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto';
import type { Millis } from '#sdk/clock.ts';
import { assert } from '#sdk/errors.ts';
import type { NodeId } from '#raft/types.ts';
import { authorityCertificate, nodeCertificate, type KeyPair } from './certificate.ts';
import { uriOfNode } from './node-uri.ts';

/** Where the barrier has it. */
export const AUTHORITY_KEY = 'core/raft/tls';

/** One authority: its certificate (DER) and private key (PKCS #8), both in base64. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

/** All that are trusted; the first one issues. There is more than one only while one takes over from another. */
export interface AuthorityRecord {
  readonly authorities: readonly Authority[];
}

/** What a node shows of itself on the cluster port, and whom it trusts. */
export interface NodeCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly ca: readonly string[];
  readonly issuedAt: Millis;
  readonly renewAt: Millis;
}

const DAY_MS = 24 * 3600 * 1000;
/** Nodes may disagree by as much about the time and still talk to each other. */
const SKEW_MS = 30 * DAY_MS;
const NODE_VALIDITY_MS = 60 * DAY_MS;
/** Long before its end, so that a clock which runs behind by the whole skew still finds it valid. */
const RENEW_AFTER_MS = 10 * DAY_MS;

const NAME = 'coffer cluster authority';

/**
 * A new authority. It has no end: a cluster must not stop on a date that nobody remembers, and what would have to be
 * ended early is replaced in the barrier, not waited for.
 */
export function makeAuthority(now: Millis): AuthorityRecord {
  const keys = newKeys();
  const validity = { notBefore: earlier(now), notAfter: undefined };
  const certificate = authorityCertificate(NAME, keys, validity);
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'der' });
  return {
    authorities: [{ certificate: certificate.toString('base64'), key: key.toString('base64') }],
  };
}

/** A certificate for this node with a key that never leaves its memory. */
export function issue(record: AuthorityRecord, id: NodeId, now: Millis): NodeCertificate {
  const [issuer] = record.authorities;
  assert(issuer !== undefined, 'there is an authority');
  const keys = newKeys();
  const validity = { notBefore: earlier(now), notAfter: (now + NODE_VALIDITY_MS) as Millis };
  const signer = { name: NAME, ...keysOf(issuer) };
  const certificate = nodeCertificate(uriOfNode(id), keys.publicKey, validity, signer);
  return {
    cert: pem(certificate),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ca: record.authorities.map((one) => pem(Buffer.from(one.certificate, 'base64'))),
    issuedAt: now,
    renewAt: (now + RENEW_AFTER_MS) as Millis,
  };
}

/** Whether a value has the form of a record with keys that belong to their certificates. */
export function isAuthorityRecord(value: unknown): value is AuthorityRecord {
  const { authorities } = (value ?? {}) as { readonly authorities?: unknown };
  return Array.isArray(authorities) && authorities.length > 0 && authorities.every(isAuthority);
}

function isAuthority(value: unknown): boolean {
  const { certificate, key } = (value ?? {}) as Partial<Record<keyof Authority, unknown>>;
  if (typeof certificate !== 'string' || typeof key !== 'string') return false;
  try {
    const { privateKey } = keysOf({ certificate, key });
    return new X509Certificate(Buffer.from(certificate, 'base64')).checkPrivateKey(privateKey);
  } catch {
    return false; // node:crypto says in many ways that bytes are no certificate or key
  }
}

function keysOf({ key }: Authority): KeyPair {
  const privateKey = createPrivateKey({
    key: Buffer.from(key, 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

const newKeys = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const earlier = (now: Millis): Millis => (now - SKEW_MS) as Millis;

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`;
