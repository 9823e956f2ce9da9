// A state that is to replace this one arrives in pieces, each in an entry of its own, and is laid aside until it is whole.
import { hash } from 'node:crypto';
import { RESERVED_PREFIX } from './entry.ts';
import type { Index } from './physical.ts';

/** What was laid aside so far. */
export interface Staging {
  /** The index of the entry that began it. */
  readonly begun: Index;
  readonly chunks: number;
  /** SHA-256 (hex) of the sum before the last piece, and the last piece. */
  readonly sum: string;
}

export function beginStaging(begun: Index): Staging {
  return { begun, chunks: 0, sum: '' };
}

export function stageChunk({ begun, chunks, sum }: Staging, bytes: Uint8Array): Staging {
  const both = Buffer.concat([Buffer.from(sum, 'hex'), bytes]);
  return { begun, chunks: chunks + 1, sum: hash('sha256', both) };
}

/** Where a piece lies. No two pieces ever lie in the same place. */
export function chunkKey(begun: Index, number: number): string {
  return `${RESERVED_PREFIX}restore/${begun}/${number}`;
}

export function chunkKeys({ begun, chunks }: Staging): readonly string[] {
  return Array.from({ length: chunks }, (_, number) => chunkKey(begun, number));
}
