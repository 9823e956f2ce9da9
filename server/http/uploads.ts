// Which requests carry bytes instead of fields. Their size is not bounded by the listener, as in Vault: whoever may send
// them may send as much as the path itself takes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Upload } from '../request/upload.ts';

const UPLOADS: ReadonlySet<string> = new Set([
  '/v1/sys/storage/raft/snapshot',
  '/v1/sys/storage/raft/snapshot-force',
]);

/** The client is told to go on when somebody wants to read. */
export function uploadOf(
  request: IncomingMessage,
  response: Pick<ServerResponse, 'writeContinue'>,
): Upload | undefined {
  if (!isUpload(request)) return undefined;
  return new Upload({
    chunks: () => {
      if (request.headers.expect !== undefined) response.writeContinue();
      // The connection is still needed for the answer when not all was read.
      return request.iterator({ destroyOnReturn: false });
    },
    discard: () => void request.resume(),
  });
}

function isUpload({ method, url = '' }: IncomingMessage): boolean {
  if (method !== 'POST' && method !== 'PUT') return false;
  const mark = url.indexOf('?');
  return UPLOADS.has(mark === -1 ? url : url.slice(0, mark));
}
