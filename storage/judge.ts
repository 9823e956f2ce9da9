// Whether a batch may take place: what it has seen must still be so when its turn comes.
import type { Batch, Index } from './physical.ts';

/** Where everything was last changed: now, or once what waits has been applied. */
export interface Indexes {
  indexOf(key: string): Index;
  listIndexOf(prefix: string): Index;
}

/** What a batch has seen that is so no more, if anything. */
export function findMoved({ reads, lists }: Batch, now: Indexes): string | undefined {
  for (const [key, index] of reads) if (now.indexOf(key) !== index) return key;
  for (const [prefix, index] of lists) {
    if (now.listIndexOf(prefix) !== index) return `the list of ${prefix || 'all'}`;
  }
  return undefined;
}
