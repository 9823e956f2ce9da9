// What was thrown outside of a request's own steps becomes an answer, and a line in the log where it is our own failure.
import { ClientError } from '#sdk/errors.ts';
import { SealedError } from '#storage/barrier/barrier.ts';
import type { Node } from '../node.ts';
import { renderError, type Rendered } from './render.ts';

export function renderThrown(node: Node, error: unknown): Rendered {
  if (error instanceof SealedError) {
    return renderError(new ClientError(503, 'Vault is sealed'), false);
  }
  if (!(error instanceof ClientError)) {
    const facts = {
      error: error instanceof Error ? (error.stack ?? error.message) : 'not an error',
    };
    node.log.error('a request could not be answered', facts);
  }
  return renderError(error, false);
}
