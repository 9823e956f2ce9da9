// What an OpenSSH certificate says, in a form that two runs share.
import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

const KINDS: Readonly<Record<number, string>> = { 1: 'user', 2: 'host' };
const PUBLIC_PARTS: Readonly<Record<string, number>> = {
  'ssh-rsa': 2,
  'ssh-ed25519': 1,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'ssh-dss': 4,
};
const CURVES: Readonly<Record<string, readonly [string, string, number]>> = {
  nistp256: ['P-256', 'sha256', 32],
  nistp384: ['P-384', 'sha384', 48],
  nistp521: ['P-521', 'sha512', 66],
};
const HASHES: Readonly<Record<string, string>> = {
  'ssh-rsa': 'sha1',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
};

/** Reads the wire format of RFC 4251, part after part. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  int(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  long(): bigint {
    this.#at += 8;
    return this.#bytes.readBigUInt64BE(this.#at - 8);
  }

  part(): Buffer {
    const length = this.int();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.part().toString();
  }
}

/** Summary of a certificate line (`ssh-...-cert-v01@openssh.com AAAA...`); with `issuer` (a public key line), whether that one signed it. */
export function inspectSshCertificate(line: string, issuer: string | undefined): unknown {
  const bytes = blob(line);
  const reader = new Reader(bytes);
  const type = reader.text();
  reader.part(); // nonce
  skipPublicKey(reader, type);
  const serial = reader.long();
  const kind = reader.int();
  const [keyId, principals] = [reader.text(), list(reader.part())];
  const [from, to] = [reader.long(), reader.long()];
  const [critical, extensions] = [options(reader.part()), options(reader.part())];
  reader.part(); // reserved
  const key = reader.part();
  const signed = bytes.subarray(0, reader.at);
  const signature = reader.part();
  const now = BigInt(Math.floor(Date.now() / 1000));
  return {
    type,
    kind: KINDS[kind] ?? kind,
    key_id: keyId,
    principals,
    valid_seconds: Number(to - from),
    backdated_seconds: Math.round(Number(now - from) / 10) * 10,
    is_valid_now: from <= now && now < to,
    critical_options: critical,
    extensions,
    has_serial: serial > 0n,
    signature_algorithm: new Reader(signature).text(),
    ...(issuer === undefined
      ? {}
      : { signed_by_issuer: key.equals(blob(issuer)) && verifies(key, signed, signature) }),
  };
}

function skipPublicKey(reader: Reader, type: string): void {
  const parts = PUBLIC_PARTS[type.replace('-cert-v01@openssh.com', '')] ?? 0;
  for (let left = parts; left > 0; left -= 1) reader.part();
}

function list(bytes: Buffer): readonly string[] {
  const reader = new Reader(bytes);
  const found: string[] = [];
  while (!reader.isDone) found.push(reader.text());
  return found;
}

/** Names with their values; a value that is set is wrapped once more. */
function options(bytes: Buffer): Readonly<Record<string, string>> {
  const reader = new Reader(bytes);
  const found: Record<string, string> = {};
  while (!reader.isDone) {
    const name = reader.text();
    const value = reader.part();
    found[name] = value.length === 0 ? '' : new Reader(value).text();
  }
  return found;
}

function blob(line: string): Buffer {
  return Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64');
}

function verifies(issuer: Buffer, signed: Buffer, signature: Buffer): boolean {
  const key = new Reader(issuer);
  const type = key.text();
  const parts = new Reader(signature);
  const algorithm = parts.text();
  const value = parts.part();
  if (type === 'ssh-ed25519') {
    return verify(null, signed, fromJwk({ kty: 'OKP', crv: 'Ed25519', x: url(key.part()) }), value);
  }
  if (type === 'ssh-rsa') {
    const [e, n] = [url(positive(key.part())), url(positive(key.part()))];
    return verify(HASHES[algorithm], signed, fromJwk({ kty: 'RSA', e, n }), value);
  }
  const [crv, hash, size] = CURVES[key.text()] ?? ['', '', 0];
  const point = key.part();
  const [x, y] = [url(point.subarray(1, 1 + size)), url(point.subarray(1 + size))];
  const numbers = new Reader(value);
  const raw = Buffer.concat([sized(numbers.part(), size), sized(numbers.part(), size)]);
  const jwk = fromJwk({ kty: 'EC', crv, x, y });
  return verify(hash, signed, { key: jwk, dsaEncoding: 'ieee-p1363' }, raw);
}

function fromJwk(key: JsonWebKey): KeyObject {
  return createPublicKey({ format: 'jwk', key });
}

function url(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function positive(bytes: Buffer): Buffer {
  return bytes[0] === 0 ? bytes.subarray(1) : bytes;
}

function sized(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([Buffer.alloc(size), positive(bytes)]).subarray(-size);
}
