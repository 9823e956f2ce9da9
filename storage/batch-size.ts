// How large a batch may be: what one entry of the log may hold. The words are Vault's.
import { TooLargeError } from './cluster-storage.ts';
import { encodeEntry, type Writes } from './entry.ts';

export interface SizeLimits {
  /** Of one value, `max_entry_size`. */
  readonly entryBytes: number;
  /** Of all that one batch writes, `max_transaction_size`. */
  readonly transactionBytes: number;
}

/** The data of the entry that a batch becomes. @throws TooLargeError */
export function encodeBatch(writes: Writes, limits: SizeLimits): Buffer {
  for (const value of writes.values()) {
    if (value !== undefined) check(value.length, limits.entryBytes);
  }
  const data = encodeEntry({ type: 'writes', writes });
  check(data.length, limits.transactionBytes);
  return data;
}

function check(bytes: number, limit: number): void {
  if (bytes <= limit) return;
  const sizes = `got ${bytes} bytes, max: ${limit} bytes`;
  throw new TooLargeError(`put failed due to value being too large; ${sizes}`);
}
