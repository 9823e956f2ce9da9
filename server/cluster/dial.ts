// A connection to the cluster port of another node, made only if the right node answers.
import { connect, type TLSSocket } from 'node:tls';
import type { NodeId } from '#raft/types.ts';
import type { Timer } from '#raft/driver/ports.ts';
import { parseHostPort } from './address.ts';
import type { Identity } from './identity.ts';
import { nodeOfCertificate } from './node-uri.ts';

/** What is spoken on a connection (ALPN): packets of Raft, or requests that the active node is to answer. */
export type Protocol = 'coffer-raft' | 'coffer-forward';

export interface Target {
  readonly id: NodeId;
  readonly address: string;
  readonly protocol: Protocol;
}

/** Somebody else answers where a node should be, or nobody can be asked there. */
export class DialError extends Error {
  override readonly name = 'DialError';
}

/** A peer on any network answers sooner; one that does not is better asked again. */
const CONNECT_LIMIT_MS = 3_000;

export function dial(identity: Identity, timer: Timer, target: Target): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const at = parseHostPort(target.address);
  if (at === undefined) {
    reject(new DialError(`${JSON.stringify(target.address)} is no address`));
    return promise;
  }
  const socket = connect({
    ...at,
    ALPNProtocols: [target.protocol],
    secureContext: identity.context,
    minVersion: 'TLSv1.3',
    // Certificates name nodes, not hosts; the name is checked below.
    checkServerIdentity: () => undefined,
  });
  const cancel = timer.after(CONNECT_LIMIT_MS, () =>
    socket.destroy(new DialError('the connection took too long')),
  );
  let cause: Error = new DialError('the connection was closed');
  const failed = (error: Error): void => void (cause = error);
  const closed = (): void => {
    cancel();
    reject(cause);
  };
  socket.on('error', failed);
  socket.once('close', closed);
  socket.once('secureConnect', () => {
    const wrong = faultOf(socket, target);
    if (wrong !== undefined) {
      socket.destroy(new DialError(wrong));
      return;
    }
    cancel();
    socket.off('close', closed);
    socket.setNoDelay(true);
    resolve(socket); // `failed` stays: an error before somebody else listens must not end the process
  });
  return promise;
}

function faultOf(socket: TLSSocket, { id, protocol }: Target): string | undefined {
  if (!socket.authorized) return 'the certificate is not of this cluster';
  if (socket.alpnProtocol !== protocol) return 'the other end speaks something else';
  const certificate = socket.getPeerX509Certificate();
  const found = certificate === undefined ? undefined : nodeOfCertificate(certificate);
  return found === id ? undefined : `${JSON.stringify(found ?? '')} answers in the place of ${id}`;
}
