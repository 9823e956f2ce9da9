// X.509 certificates (RFC 5280) of the cluster port, in the two shapes that it needs: an authority that signs itself,
// and a node that the authority signs. Keys are EC P-256, signatures ECDSA with SHA-256.
import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { Millis } from '#sdk/clock.ts';
import { assert } from '#sdk/errors.ts';
import {
  bitString,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
  utf8String,
  yes,
} from './der.ts';

export interface Validity {
  readonly notBefore: Millis;
  /** `undefined`: it has no end (RFC 5280, 4.1.2.5). */
  readonly notAfter: Millis | undefined;
}

interface Template {
  readonly subject: string;
  readonly issuer: string;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** 16 random bytes: nobody has to remember which numbers were given. */
const SERIAL_BYTES = 16;
const VERSION_3 = tagged(0xa0, integer(Buffer.from([2])));
const SIGNED_WITH = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

const OID = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
} as const;

const NO_END = '99991231235959Z';
/** From 2050 on a time has four digits of its year. */
const FOUR_DIGITS_FROM = '2050';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** The certificate of an authority that may sign nodes and no other authority, as DER. */
export function authorityCertificate(name: string, keys: KeyPair, validity: Validity): Buffer {
  const { publicKey } = keys;
  const extensions = [
    critical(OID.basicConstraints, sequence(yes(), integer(Buffer.from([0])))),
    critical(OID.keyUsage, bitString(Buffer.from([0b0000_0100]), 2)), // keyCertSign
    extension(OID.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
  ];
  const template = { subject: name, issuer: name, validity, publicKey, extensions };
  return signed(template, keys.privateKey);
}

/** The certificate of a node, for both ends of a connection. `uri` is who it is; nothing else in it names anybody. */
export function nodeCertificate(
  uri: string,
  publicKey: KeyObject,
  validity: Validity,
  authority: KeyPair & { readonly name: string },
): Buffer {
  assert(/^[\x21-\x7e]+$/.test(uri), 'a URI is printable ASCII');
  const uses = [OID.serverAuthentication, OID.clientAuthentication].map(objectIdentifier);
  const extensions = [
    critical(OID.basicConstraints, sequence()),
    critical(OID.keyUsage, bitString(Buffer.from([0b1000_0000]), 7)), // digitalSignature
    extension(OID.extendedKeyUsage, sequence(...uses)),
    extension(OID.subjectAlternativeName, sequence(tagged(0x86, Buffer.from(uri)))),
    extension(OID.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
    extension(
      OID.authorityKeyIdentifier,
      sequence(tagged(0x80, keyIdentifier(authority.publicKey))),
    ),
  ];
  const template = {
    subject: 'coffer node',
    issuer: authority.name,
    validity,
    publicKey,
    extensions,
  };
  return signed(template, authority.privateKey);
}

function signed(template: Template, key: KeyObject): Buffer {
  const body = sequence(
    VERSION_3,
    integer(randomBytes(SERIAL_BYTES)),
    SIGNED_WITH,
    nameOf(template.issuer),
    sequence(time(template.validity.notBefore), time(template.validity.notAfter)),
    nameOf(template.subject),
    spki(template.publicKey),
    tagged(0xa3, sequence(...template.extensions)),
  );
  return sequence(body, SIGNED_WITH, bitString(sign('sha256', body, key)));
}

const nameOf = (commonName: string): Buffer =>
  sequence(setOf(sequence(objectIdentifier(OID.commonName), utf8String(commonName))));

const extension = (oid: string, value: Buffer): Buffer =>
  sequence(objectIdentifier(oid), octetString(value));

const critical = (oid: string, value: Buffer): Buffer =>
  sequence(objectIdentifier(oid), yes(), octetString(value));

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

/** Any short name of the key does; this one is the first of RFC 7093. */
const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha256').update(spki(key)).digest().subarray(0, 20);

function time(at: Millis | undefined): Buffer {
  const digits =
    at === undefined ? NO_END : `${new Date(at).toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
  return digits < FOUR_DIGITS_FROM
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}
