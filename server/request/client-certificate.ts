// The certificate that a client has shown in its handshake, as far as anybody counts on it.
import { X509Certificate } from 'node:crypto';

export interface ClientCertificate {
  /** The listener demands one, and its authorities vouch for this. */
  readonly isVerified: boolean;
  /** DER in base64: the client's own first, then those that it came with. */
  readonly chain: readonly string[];
}

/** In decimal digits, as Vault's audit log shows it; `undefined` where nobody has verified the certificate. */
export function serialNumberOf(certificate: ClientCertificate | undefined): string | undefined {
  const [own] = certificate?.chain ?? [];
  if (certificate?.isVerified !== true || own === undefined) return undefined;
  const { serialNumber } = new X509Certificate(Buffer.from(own, 'base64'));
  return BigInt(`0x${serialNumber}`).toString();
}
