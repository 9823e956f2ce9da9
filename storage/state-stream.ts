// A whole state as bytes: how many records there are and what they add up to, the records in any order, and an end. It may
// be cut anywhere on its way, so its pieces can be as small as whoever carries them wants.
import { MAX_ENTRY_BYTES } from './entry.ts';
import { DamagedError, type Index } from './physical.ts';
import { StateHash } from './record.ts';
import type { Staging } from './staging.ts';

/** What the records of a state must add up to. */
export interface Sum {
  readonly count: number;
  readonly hash: StateHash;
  /** What of another state was laid aside to replace this one. */
  readonly staging: Staging | undefined;
}

/** `staged`: a piece of what was laid aside; they come in their order. */
export type Part =
  | { readonly type: 'sum'; readonly sum: Sum }
  | { readonly type: 'record' | 'staged'; readonly bytes: Buffer }
  | { readonly type: 'end' };

/** Whoever carries a state has one piece in memory at a time. */
const PIECE_BYTES = 1024 * 1024;

/** A part is its length (4 bytes), its kind (1) and its bytes. */
const HEAD_BYTES = 5;
const KIND = { sum: 1, record: 2, staged: 3, end: 4 } as const satisfies Record<
  Part['type'],
  number
>;

/** A record has its key twice at most and little besides what its entry had. */
const MAX_PART_BYTES = 2 * MAX_ENTRY_BYTES;

/** Mark (8 bytes), count (8), hash (32), and what was laid aside as JSON. */
const MARK = Buffer.from('coffer3\n');
const SUM_BYTES = 48;
const MAX_SUM_BYTES = 1024;

/** Gathers parts into pieces. */
export class Packer {
  #parts: Buffer[] = [];
  #bytes = 0;

  add(part: Part): void {
    const bytes = bytesOf(part);
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32BE(bytes.length);
    head[4] = KIND[part.type];
    this.#parts.push(head, bytes);
    this.#bytes += HEAD_BYTES + bytes.length;
  }

  /** The pieces that are full. */
  full(): readonly Buffer[] {
    return this.#bytes < PIECE_BYTES ? [] : this.#take(Math.floor(this.#bytes / PIECE_BYTES));
  }

  /** All that is left. */
  rest(): readonly Buffer[] {
    return this.#bytes === 0 ? [] : this.#take(Math.ceil(this.#bytes / PIECE_BYTES));
  }

  #take(count: number): readonly Buffer[] {
    const all = Buffer.concat(this.#parts);
    const pieces = Array.from({ length: count }, (_, at) =>
      all.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES),
    );
    const left = all.subarray(count * PIECE_BYTES);
    this.#parts = [left];
    this.#bytes = left.length;
    return pieces;
  }
}

/**
 * The parts of a state as they come: first its sum, last its end. Buffers are not copies.
 *
 * @throws DamagedError when they are not those of one whole state
 */
export async function* readParts(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Part[]> {
  let left: Uint8Array[] = [];
  let size = 0;
  let wanted = HEAD_BYTES;
  const order = new Order();
  for await (const piece of pieces) {
    left.push(piece);
    size += piece.length;
    if (size < wanted) continue;
    const { parts, rest } = split(Buffer.concat(left));
    for (const { type } of parts) order.accept(type);
    if (parts.length > 0) yield parts;
    left = [rest];
    size = rest.length;
    wanted = size < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + rest.readUInt32BE();
  }
  if (!order.hasEnded || size > 0) throw new DamagedError('a state is cut short');
}

/** What may follow what. */
class Order {
  #last: Part['type'] | undefined;

  get hasEnded(): boolean {
    return this.#last === 'end';
  }

  accept(type: Part['type']): void {
    if ((type === 'sum') !== (this.#last === undefined) || this.hasEnded) {
      throw new DamagedError(`a state has a part in the wrong place: ${type}`);
    }
    this.#last = type;
  }
}

function split(bytes: Buffer): { readonly parts: readonly Part[]; readonly rest: Buffer } {
  const parts: Part[] = [];
  let at = 0;
  while (bytes.length - at >= HEAD_BYTES) {
    const length = bytes.readUInt32BE(at);
    if (length > MAX_PART_BYTES) throw new DamagedError(`a state has a part of ${length} bytes`);
    const end = at + HEAD_BYTES + length;
    if (end > bytes.length) break;
    parts.push(toPart(bytes.readUInt8(at + 4), bytes.subarray(at + HEAD_BYTES, end)));
    at = end;
  }
  return { parts, rest: bytes.subarray(at) };
}

function toPart(kind: number, bytes: Buffer): Part {
  switch (kind) {
    case KIND.sum:
      return { type: 'sum', sum: decodeSum(bytes) };
    case KIND.record:
      return { type: 'record', bytes };
    case KIND.staged:
      return { type: 'staged', bytes };
    case KIND.end:
      return { type: 'end' };
    default:
      throw new DamagedError(`a state has a part of an unknown kind`);
  }
}

function bytesOf(part: Part): Buffer {
  switch (part.type) {
    case 'sum':
      return encodeSum(part.sum);
    case 'record':
    case 'staged':
      return part.bytes;
    case 'end':
      return Buffer.alloc(0);
  }
}

function encodeSum({ count, hash, staging }: Sum): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(count));
  const rest = Buffer.from(JSON.stringify(staging ?? null));
  return Buffer.concat([MARK, number, hash.bytes(), rest]);
}

function decodeSum(bytes: Buffer): Sum {
  const isSum = bytes.length > SUM_BYTES && bytes.length <= MAX_SUM_BYTES;
  if (!isSum || !bytes.subarray(0, 8).equals(MARK)) {
    throw new DamagedError('these are not the bytes of a state');
  }
  const hash = new StateHash(bytes.subarray(16, SUM_BYTES));
  const staging = decodeStaging(bytes.toString('utf8', SUM_BYTES));
  return { count: Number(bytes.readBigUInt64BE(8)), hash, staging };
}

const DIGEST = /^([\da-f]{64})?$/;

function decodeStaging(text: string): Staging | undefined {
  const value = parseOrUndefined(text);
  if (value === null) return undefined;
  if (typeof value === 'object' && 'begun' in value && 'chunks' in value && 'sum' in value) {
    const { begun, chunks, sum } = value;
    const areNumbers = Number.isSafeInteger(begun) && Number.isSafeInteger(chunks);
    if (areNumbers && typeof sum === 'string' && DIGEST.test(sum)) {
      return { begun: begun as Index, chunks: chunks as number, sum };
    }
  }
  throw new DamagedError('a state says what cannot be of what was laid aside');
}

function parseOrUndefined(text: string): object | null | undefined {
  try {
    return JSON.parse(text) as object | null;
  } catch {
    return undefined;
  }
}
