// What a certificate says, in a form that two runs share.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';

const HOUR_MS = 3_600_000;
const CLOCK_SKEW_MS = 24 * HOUR_MS;
const OMITTED =
  'no_header,no_version,no_serial,no_signame,no_validity,no_subject,no_issuer,no_pubkey,no_sigdump,no_aux';

/** Random, or listed already: only that they are there. */
const SHOWN_AS_PRESENT = [
  'Subject Key Identifier',
  'Authority Key Identifier',
  'Subject Alternative Name',
  'Extended Key Usage',
];

const SIGNATURES: Readonly<Record<string, string>> = {
  '2a864886f70d01010b': 'sha256WithRSAEncryption',
  '2a864886f70d01010c': 'sha384WithRSAEncryption',
  '2a864886f70d01010d': 'sha512WithRSAEncryption',
  '2a864886f70d01010a': 'rsassaPss',
  '2a8648ce3d040302': 'ecdsa-with-SHA256',
  '2a8648ce3d040303': 'ecdsa-with-SHA384',
  '2a8648ce3d040304': 'ecdsa-with-SHA512',
  '2b6570': 'ED25519',
};

export interface Looked {
  readonly pem: string;
  /** With it, whether that one signed it. */
  readonly issuer?: string | undefined;
  readonly extensions?: boolean | undefined;
}

/** Summary of a PEM (its first certificate). */
export function inspectCertificate({ pem, issuer, extensions }: Looked): unknown {
  const certificate = new X509Certificate(pem);
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  return {
    subject: certificate.subject ?? '', // node says undefined where there is none
    issuer: certificate.issuer ?? '',
    alternative_names: namesOf(certificate),
    is_ca: certificate.ca,
    key: keyOf(certificate),
    extended_key_usage: [...(certificate.keyUsage ?? [])].toSorted(),
    signature_algorithm: signatureAlgorithm(certificate.raw),
    valid_hours: Math.round(((to - from) / HOUR_MS) * 10) / 10,
    is_valid_now: Date.now() > from - CLOCK_SKEW_MS && Date.now() < to,
    serial_bits_enough: certificate.serialNumber.length >= 16,
    certificates_in_pem: (pem.match(/BEGIN CERTIFICATE/g) ?? []).length,
    ...(extensions === true ? { extensions: extensionsOf(pem) } : {}),
    ...(issuer === undefined ? {} : { signed_by_issuer: isSignedBy(certificate, issuer) }),
  };
}

function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  return (subjectAltName ?? '').split(', ').filter(Boolean).toSorted();
}

function keyOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve ?? '';
  return `${asymmetricKeyType} ${size}`.trim();
}

function isSignedBy(certificate: X509Certificate, issuer: string): boolean {
  return certificate.verify(new X509Certificate(issuer).publicKey);
}

interface Extension {
  readonly critical: boolean;
  readonly value: string[];
}

/** What openssl says of the extensions, by their names. */
function extensionsOf(pem: string): unknown {
  const options = ['x509', '-noout', '-text', '-certopt', OMITTED];
  const text = execFileSync('openssl', options, { input: pem, encoding: 'utf8' });
  const found: Record<string, Extension> = {};
  let open: { readonly indent: number; readonly value: string[] } | undefined;
  for (const line of text.split('\n').slice(1)) {
    const indent = line.search(/\S/);
    const head = /^ {8,12}(\S[^:]*|[\d.]+): ?(critical)?\s*$/.exec(line);
    if (head !== null && indent <= 12 && (open === undefined || indent === open.indent)) {
      open = { indent, value: [] };
      const name = head[1]?.replace('X509v3 ', '') ?? '';
      found[name] = { critical: head[2] === 'critical', value: open.value };
    } else if (open !== undefined && indent !== -1) open.value.push(line.trim());
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, { critical, value }]) => [
      name,
      { critical, value: SHOWN_AS_PRESENT.includes(name) ? 'present' : value },
    ]),
  );
}

/** The name of the algorithm after the signed part: SEQUENCE { signed part, SEQUENCE { OID ... } ... } in DER. */
function signatureAlgorithm(der: Buffer): string {
  const signed = contentAt(der, contentAt(der, 0).from);
  const oid = contentAt(der, contentAt(der, signed.from + signed.length).from);
  const hex = der.subarray(oid.from, oid.from + oid.length).toString('hex');
  return SIGNATURES[hex] ?? hex;
}

function contentAt(der: Buffer, at: number): { readonly from: number; readonly length: number } {
  const first = der.readUInt8(at + 1);
  if (first < 0x80) return { from: at + 2, length: first };
  const bytes = first & 0x7f;
  return { from: at + 2 + bytes, length: der.readUIntBE(at + 2, bytes) };
}
