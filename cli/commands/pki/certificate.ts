// Whether one certificate could be, and is, the issuer of another.
import { X509Certificate } from 'node:crypto';

export interface Relation {
  readonly subjectMatch: boolean;
  readonly keyIdMatch: boolean;
  readonly signatureMatch: boolean;
  readonly pathMatch: boolean;
  readonly trustMatch: boolean;
}

/** Identifiers of the extensions that name keys. */
const SUBJECT_KEY_ID = Buffer.from('0603551d0e', 'hex');
const AUTHORITY_KEY_ID = Buffer.from('0603551d23', 'hex');
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
const KEY_IDENTIFIER = 0x80;

/** `chain` is what the issued certificate brings along, itself first. */
export function relate(issuerPem: string, issuedPem: string, chain: readonly string[]): Relation {
  const [issuer, issued] = [new X509Certificate(issuerPem), new X509Certificate(issuedPem)];
  const signatureMatch = issued.verify(issuer.publicKey);
  const issuerKeyId = keyId(issuer, SUBJECT_KEY_ID);
  return {
    subjectMatch: issuer.subject === issued.issuer,
    keyIdMatch: issuerKeyId !== '' && issuerKeyId === issuerKeyIdOf(issued),
    signatureMatch,
    pathMatch: chain.slice(1).some((pem) => new X509Certificate(pem).raw.equals(issuer.raw)),
    trustMatch: signatureMatch || leadsTo(issuer, issued, chain),
  };
}

/** The key that a certificate says it was signed with; one that signed itself need not say it. */
function issuerKeyIdOf(certificate: X509Certificate): string {
  const named = keyId(certificate, AUTHORITY_KEY_ID);
  const isOwn = named === '' && certificate.subject === certificate.issuer;
  return isOwn ? keyId(certificate, SUBJECT_KEY_ID) : named;
}

/** Whether a way of signatures goes from a certificate through its chain to an issuer. */
function leadsTo(
  issuer: X509Certificate,
  from: X509Certificate,
  chain: readonly string[],
): boolean {
  const others = chain.map((pem) => new X509Certificate(pem));
  let current = from;
  for (const _ of others) {
    if (current.verify(issuer.publicKey)) return true;
    const signed = current;
    const next = others.find(
      (other) => !other.raw.equals(signed.raw) && signed.verify(other.publicKey),
    );
    if (next === undefined) return false;
    current = next;
  }
  return current.verify(issuer.publicKey);
}

/** The key identifier in an extension, in hex; '' where there is none. */
function keyId(certificate: X509Certificate, extension: Buffer): string {
  const at = certificate.raw.indexOf(extension);
  if (at === -1) return '';
  const value = element(certificate.raw.subarray(at + extension.length));
  if (value?.tag !== OCTET_STRING) return ''; // `critical` stands between: neither extension may have it
  const inner = element(value.content);
  if (inner === undefined) return '';
  if (inner.tag === OCTET_STRING) return inner.content.toString('hex');
  const first = inner.tag === SEQUENCE ? element(inner.content) : undefined;
  return first?.tag === KEY_IDENTIFIER ? first.content.toString('hex') : '';
}

/** The first DER element of some bytes. */
function element(bytes: Buffer): { readonly tag: number; readonly content: Buffer } | undefined {
  const [tag, short] = bytes;
  if (tag === undefined || short === undefined) return undefined;
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  if (lengthBytes > 4 || bytes.length < 2 + lengthBytes) return undefined;
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(2, lengthBytes);
  const start = 2 + lengthBytes;
  return { tag, content: bytes.subarray(start, start + length) };
}
