// Which node a certificate speaks for: a URI in which any node id, whatever its characters, has exactly one form.
import type { X509Certificate } from 'node:crypto';
import type { NodeId } from '#raft/types.ts';

const PREFIX = 'urn:coffer:node:';
const BASE64URL = /^[A-Za-z0-9_-]+$/;

export const uriOfNode = (id: NodeId): string =>
  `${PREFIX}${Buffer.from(id, 'utf8').toString('base64url')}`;

/** The node that a certificate names, `undefined` unless it names exactly one, and that in the one form there is. */
export function nodeOfCertificate({ subjectAltName }: X509Certificate): NodeId | undefined {
  const start = `URI:${PREFIX}`;
  if (subjectAltName?.startsWith(start) !== true) return undefined;
  const encoded = subjectAltName.slice(start.length);
  if (!BASE64URL.test(encoded)) return undefined;
  const id = Buffer.from(encoded, 'base64url').toString('utf8') as NodeId;
  return uriOfNode(id) === PREFIX + encoded ? id : undefined;
}
