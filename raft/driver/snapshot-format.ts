// A snapshot as a file: what it is a snapshot of, its chunks, and an end; each piece with its SHA-256, and the end with one
// over all of those. Every length is judged before anything of that length is read.
import { createHash, type Hash } from 'node:crypto';
import { Reader, Writer } from '../bytes.ts';
import { readSnapshotMeta, snapshotMetaCapacity, writeSnapshotMeta } from '../codec-entry.ts';
import type { SnapshotMeta } from '../types.ts';
import { CorruptionError, type DiskFile } from './ports.ts';

/** What is held in memory at a time. */
export const MAX_CHUNK_BYTES = 1024 * 1024;
/** A configuration has at most 256 servers with two names each. */
const MAX_META_BYTES = 512 * 1024;

const SUM_BYTES = 32;
/** Kind (1), length (4), SHA-256 of what follows. */
const HEAD_BYTES = 5 + SUM_BYTES;
const LENGTH_AT = 1;
const SUM_AT = 5;

/** The version is in the mark. */
const MARK = Buffer.from('coffer snapshot 1\n');
const KINDS = { meta: 1, chunk: 2, end: 3 } as const;
type Kind = keyof typeof KINDS;

const MAX_BYTES: Readonly<Record<Kind, number>> = {
  meta: MAX_META_BYTES,
  chunk: MAX_CHUNK_BYTES,
  end: SUM_BYTES,
};

/** What a file of nothing but a configuration and an end takes at least. */
export const MIN_SNAPSHOT_BYTES = MARK.length + 2 * HEAD_BYTES + SUM_BYTES;

export interface Piece {
  readonly kind: Kind;
  readonly bytes: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/** Makes the pieces of a file in their order. */
export class SnapshotEncoder {
  readonly #sums = createHash('sha256');

  begin(meta: SnapshotMeta): readonly Buffer[] {
    return [MARK, ...this.#piece('meta', encodeMeta(meta))];
  }

  chunk(bytes: Uint8Array): readonly Buffer[] {
    return this.#piece('chunk', bytes);
  }

  /** The sum is the name of the contents. */
  end(): { readonly pieces: readonly Buffer[]; readonly sum: Buffer } {
    const sum = this.#sums.copy().digest();
    return { pieces: this.#piece('end', sum), sum };
  }

  #piece(kind: Kind, bytes: Uint8Array): readonly Buffer[] {
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head[0] = KINDS[kind];
    head.writeUInt32LE(bytes.length, LENGTH_AT);
    sha256(bytes).copy(head, SUM_AT);
    this.#sums.update(head);
    return [head, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)];
  }
}

/** Reads the pieces of a file one after the other and holds them to their sums. */
export class SnapshotReader {
  readonly #file: DiskFile;
  readonly #sums: Hash = createHash('sha256');
  #at = 0;
  #last: Kind | undefined;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** Up to where everything is whole. */
  get wholeThrough(): number {
    return this.#at;
  }

  get hasEnded(): boolean {
    return this.#last === 'end';
  }

  /** `undefined` when the file is not whole from here on: cut, damaged, or not in this form. */
  async next(): Promise<Piece | undefined> {
    if (this.#at === 0) {
      const mark = await this.#file.read(0, MARK.length);
      if (!mark.equals(MARK)) return undefined;
      this.#at = MARK.length;
    }
    const head = await this.#file.read(this.#at, HEAD_BYTES);
    const kind = this.#kindOf(head);
    if (kind === undefined) return undefined;
    const length = head.readUInt32LE(LENGTH_AT);
    if (length > MAX_BYTES[kind]) return undefined;
    const bytes = await this.#file.read(this.#at + HEAD_BYTES, length);
    if (bytes.length < length || !sha256(bytes).equals(head.subarray(SUM_AT))) return undefined;
    if (kind === 'end' && !bytes.equals(this.#sums.copy().digest())) return undefined;
    this.#sums.update(head);
    this.#at += HEAD_BYTES + length;
    this.#last = kind;
    return { kind, bytes, end: this.#at };
  }

  /** First what it is, then chunks, then the end, then nothing. */
  #kindOf(head: Buffer): Kind | undefined {
    if (head.length < HEAD_BYTES || this.hasEnded) return undefined;
    const kind = (['meta', 'chunk', 'end'] as const).find((one) => KINDS[one] === head[0]);
    return (kind === 'meta') === (this.#last === undefined) ? kind : undefined;
  }
}

function encodeMeta(meta: SnapshotMeta): Uint8Array {
  const writer = new Writer(snapshotMetaCapacity(meta));
  writeSnapshotMeta(writer, meta);
  return writer.finish();
}

/** @throws CorruptionError */
export function decodeMeta(bytes: Uint8Array): SnapshotMeta {
  const reader = new Reader(bytes);
  const meta = readSnapshotMeta(reader);
  if (!reader.isDone) throw new CorruptionError('a snapshot does not say what it is of');
  return meta;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
