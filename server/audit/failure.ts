// A failure in words that hold nothing of what was sent. The message itself stands, hashed, in the entry's data.
import { ClientError, oneError } from '#sdk/errors.ts';
import type { Denied, Outcome, Verdict } from '../request/stages.ts';

const KIND_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid request',
  403: 'permission denied',
  404: 'unsupported path',
  405: 'unsupported operation',
  429: 'request limit exceeded',
};

/** What Vault says under `error`: of a missing permission its words, of all else only what kind of failure it is. */
export function errorText(verdict: Verdict, outcome?: Outcome): string | undefined {
  if (verdict.stage === 'denied') return refusal(verdict);
  return outcome?.type === 'error' ? failure(outcome.error) : undefined;
}

/** As the client is told: a token that does not hold is not collected with other errors. */
function refusal({ reason, known }: Denied): string | undefined {
  if (reason.status !== 403) return failure(reason);
  const isCollected = reason.isCollected && known.refusal === undefined;
  return isCollected ? oneError(reason.message) : reason.message;
}

function failure(error: unknown): string | undefined {
  if (!(error instanceof ClientError)) return oneError('internal error');
  // A missing record is an answer, not a failure.
  if (error.errors.length === 0) return undefined;
  return oneError(KIND_BY_STATUS[error.status] ?? 'internal error');
}
