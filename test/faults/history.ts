// What clients asked of a cluster and what they were told, each with its moments in milliseconds of one monotonic clock.
import type { RecordedOperation } from '#test/simulation/keys-model.ts';

/** `ok`: it happened. `failed`: it did not. `unknown`: it may have happened, or may yet happen. */
export type Result = 'ok' | 'failed' | 'unknown';

/** How a token was made, used or ended. */
export interface TokenUse {
  readonly token: number;
  readonly kind: 'create' | 'use' | 'revoke';
  readonly node: number;
  readonly start: number;
  readonly end: number;
  /** Of a use: whether it was let in (`ok`) or refused (`failed`). */
  readonly result: Result;
}

export class History {
  readonly operations: RecordedOperation[] = [];
  readonly tokens: TokenUse[] = [];

  get acknowledged(): number {
    const operations = this.operations.filter(({ outcome }) => outcome === 'ok');
    return operations.length + this.tokens.filter(({ result }) => result === 'ok').length;
  }

  get unknown(): number {
    const operations = this.operations.filter(({ outcome }) => outcome === 'unknown');
    return operations.length + this.tokens.filter(({ result }) => result === 'unknown').length;
  }
}
