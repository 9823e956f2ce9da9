// Which requests carry bytes instead of fields. Their size is not bounded by the listener, as in Vault: whoever may send
// them may send as much as the path itself takes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Upload } from '../request/upload.ts';

const UPLOADS: ReadonlySet<string> = new Set([
  '/v1/sys/storage/raft/snapshot',
  '/v1/sys/storage/raft/snapshot-force',
]);

/** @param path from the root, as it was located */
export const isUpload = ({ method }: Pick<IncomingMessage, 'method'>, path: string): boolean =>
  UPLOADS.has(path) && (method === 'POST' || method === 'PUT');

/** The client is told to go on when somebody wants to read. */
export function uploadOf(
  request: IncomingMessage,
  response: Pick<ServerResponse, 'writeContinue'>,
): Upload {
  return new Upload({
    chunks: () => {
      if (request.headers.expect !== undefined) response.writeContinue();
      // The connection is still needed for the answer when not all was read.
      return request.iterator({ destroyOnReturn: false });
    },
    discard: () => void request.resume(),
  });
}
