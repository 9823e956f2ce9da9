// The certificates of the clients of a listener: looked at once for each connection.
import type { Socket } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { Listener } from '../config/listener.ts';
import type { ClientCertificate } from '../request/client-certificate.ts';

type CertificateSettings = Pick<Listener, 'tls_require_and_verify_client_cert'>;

const known = new WeakMap<TLSSocket, ClientCertificate | undefined>();

/** `undefined` where the connection is no TLS, or the client has shown none. */
export function clientCertificate(
  socket: Socket,
  settings: CertificateSettings,
): ClientCertificate | undefined {
  if (!isSecure(socket)) return undefined;
  if (!known.has(socket)) known.set(socket, shownOn(socket, settings));
  return known.get(socket);
}

function shownOn(socket: TLSSocket, settings: CertificateSettings): ClientCertificate | undefined {
  const chain = [...chainOf(socket.getPeerCertificate(true))];
  if (chain.length === 0) return undefined;
  // Where none is demanded, none is verified, as in Vault.
  return { isVerified: settings.tls_require_and_verify_client_cert && socket.authorized, chain };
}

const isSecure = (socket: Socket): socket is TLSSocket => 'getPeerCertificate' in socket;

/** Node answers with an empty object for no certificate, and lets a root be its own issuer. */
function* chainOf(first: Partial<DetailedPeerCertificate>): Generator<string> {
  let certificate: Partial<DetailedPeerCertificate> | undefined = first;
  while (certificate?.raw !== undefined) {
    yield certificate.raw.toString('base64');
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
}
