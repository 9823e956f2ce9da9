// What the data of a Raft entry means to the state machine, and its bytes. All that is needed to carry an entry out is in
// it, so that every node comes to the same state.
import { DamagedError, type Index } from './physical.ts';

/** `undefined` deletes a key. */
export type Writes = ReadonlyMap<string, Uint8Array | undefined>;

/**
 * A whole state is replaced in three steps, because it may be larger than any entry: its bytes are laid aside in pieces
 * and take the place of the state at once. `begun` is the index of the entry that began it.
 */
export type EntryData =
  | { readonly type: 'writes'; readonly writes: Writes }
  | { readonly type: 'restore-begin' }
  | {
      readonly type: 'restore-chunk';
      readonly begun: Index;
      /** Counts the pieces of one state from 0. */
      readonly number: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'restore-commit'; readonly begun: Index; readonly chunks: number };

/** What no setting can exceed: a record has to fit into the memory of everybody who reads it, several times. */
export const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

/** Begins what the state machine keeps for itself beside the keys. No key that the barrier writes begins with it. */
export const RESERVED_PREFIX = '\0';

const KIND = {
  writes: 1,
  'restore-begin': 2,
  'restore-chunk': 3,
  'restore-commit': 4,
} as const satisfies Record<EntryData['type'], number>;

/** In the place of a value's length; no value is that long. */
const DELETED = 0xffff_ffff;

/** @throws RangeError for what `decodeEntry` would not take */
export function encodeEntry(entry: EntryData): Buffer {
  switch (entry.type) {
    case 'writes':
      return encodeWrites(entry.writes);
    case 'restore-begin':
      return Buffer.of(KIND['restore-begin']);
    case 'restore-chunk': {
      const head = encodeHead(KIND['restore-chunk'], entry.begun, entry.number);
      return bounded(Buffer.concat([head, entry.bytes]));
    }
    case 'restore-commit':
      return encodeHead(KIND['restore-commit'], entry.begun, entry.chunks);
  }
}

/**
 * Values are parts of `bytes`, not copies.
 *
 * @throws DamagedError for bytes that `encodeEntry` did not make
 */
export function decodeEntry(bytes: Uint8Array): EntryData {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return decode(data);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DamagedError(`an entry of ${bytes.length} bytes is damaged`, { cause: error });
  }
}

/** Kind (1 byte), count (4), and for each write the lengths of key and value (4 + 4), key, value. */
function encodeWrites(writes: Writes): Buffer {
  let size = 5;
  for (const [key, value] of writes) size += 8 + Buffer.byteLength(key) + (value?.length ?? 0);
  if (size > MAX_ENTRY_BYTES) throw new RangeError(`an entry of ${size} bytes is too large`);
  const data = Buffer.allocUnsafeSlow(size);
  data[0] = KIND.writes;
  let at = data.writeUInt32BE(writes.size, 1);
  for (const [key, value] of writes) {
    assertKey(key);
    const length = data.write(key, at + 8);
    data.writeUInt32BE(length, at);
    data.writeUInt32BE(value?.length ?? DELETED, at + 4);
    at += 8 + length;
    if (value !== undefined) data.set(value, at);
    at += value?.length ?? 0;
  }
  return data;
}

function decode(data: Buffer): EntryData {
  bounded(data);
  switch (data.readUInt8(0)) {
    case KIND.writes:
      return { type: 'writes', writes: decodeWrites(data) };
    case KIND['restore-begin']:
      assertEnd(data, 1);
      return { type: 'restore-begin' };
    case KIND['restore-chunk']: {
      const [begun, number] = decodeHead(data);
      return { type: 'restore-chunk', begun, number, bytes: data.subarray(HEAD_BYTES) };
    }
    case KIND['restore-commit']: {
      const [begun, chunks] = decodeHead(data);
      assertEnd(data, HEAD_BYTES);
      return { type: 'restore-commit', begun, chunks };
    }
    default:
      throw new RangeError('the kind is unknown');
  }
}

function decodeWrites(data: Buffer): Writes {
  const writes = new Map<string, Uint8Array | undefined>();
  const count = data.readUInt32BE(1);
  let at = 5;
  for (let number = 0; number < count; number++) {
    const keyEnd = at + 8 + data.readUInt32BE(at);
    const length = data.readUInt32BE(at + 4);
    const end = length === DELETED ? keyEnd : keyEnd + length;
    if (end > data.length) throw new RangeError('the bytes end too early');
    const key = data.toString('utf8', at + 8, keyEnd);
    assertKey(key);
    writes.set(key, length === DELETED ? undefined : data.subarray(keyEnd, end));
    at = end;
  }
  if (writes.size !== count) throw new RangeError('a key comes twice');
  assertEnd(data, at);
  return writes;
}

/** Kind (1 byte), index of the entry that began it (8), number (4). */
const HEAD_BYTES = 13;

function encodeHead(kind: number, begun: Index, number: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = kind;
  head.writeBigUInt64BE(BigInt(begun), 1);
  head.writeUInt32BE(number, 9);
  return head;
}

function decodeHead(data: Buffer): readonly [Index, number] {
  return [Number(data.readBigUInt64BE(1)) as Index, data.readUInt32BE(9)];
}

function assertKey(key: string): void {
  if (key.startsWith(RESERVED_PREFIX)) throw new RangeError('a key is reserved');
}

function assertEnd(data: Buffer, at: number): void {
  if (at !== data.length) throw new RangeError('the bytes go on');
}

function bounded(data: Buffer): Buffer {
  if (data.length <= MAX_ENTRY_BYTES) return data;
  throw new RangeError(`an entry of ${data.length} bytes is too large`);
}
