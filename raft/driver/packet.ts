// What goes over the network in one piece: where its sender is, and any number of parts. Most parts are messages of the
// core, as bytes of its own; the others are between drivers. Whatever does not read exactly is no packet at all.
import { decodeMessage, encodeMessage } from '../codec.ts';
import type { Index, Message } from '../types.ts';

/** Names the contents of a snapshot file: the beginning of their digest, in hexadecimal. */
export type ShipmentId = string & { readonly unit: 'shipment id' };

export type Part =
  | { readonly type: 'message'; readonly message: Message }
  /** A snapshot lies ready. Once all of it has arrived, `install` is for the core. */
  | {
      readonly type: 'offer';
      readonly shipment: ShipmentId;
      readonly bytes: number;
      readonly install: Message & { readonly type: 'install' };
    }
  | {
      readonly type: 'chunk';
      readonly shipment: ShipmentId;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  /** Everything up to `offset` has arrived; `isWhole` once all of it has been verified. */
  | {
      readonly type: 'progress';
      readonly shipment: ShipmentId;
      readonly offset: number;
      readonly isWhole: boolean;
    }
  /** What the state adds up to after an entry, as the sender has it. */
  | { readonly type: 'checksum'; readonly index: Index; readonly sum: Uint8Array }
  /** The state of the receiver was not that of the leader after an entry. */
  | { readonly type: 'diverged'; readonly index: Index };

export interface Packet {
  /** Where the sender's cluster port is; '' when it does not know. */
  readonly address: string;
  readonly parts: readonly Part[];
}

/** A single entry may be as large as a transaction (at most 32 MiB); all else is far below that. */
export const MAX_PACKET_BYTES = 40 * 1024 * 1024;

/** A host name of 253 characters, a colon, a port. */
const MAX_ADDRESS_BYTES = 260;

const VERSION = 1;
const KINDS = ['message', 'offer', 'chunk', 'progress', 'checksum', 'diverged'] as const;

const SHIPMENT_BYTES = 16;
const MAX_SUM_BYTES = 256;
/** 2^48: no index and no file comes near. */
const NUMBER_BYTES = 6;
/** Kind and length. */
const PART_HEAD_BYTES = 5;

/** What one packet holds unless a single part is larger. */
const PACKET_BYTES = 1024 * 1024;

/**
 * The parts in as few packets as their sizes allow. Version (1), length of the address (2), address; for each part kind
 * (1), length (4) and body.
 */
export function encodePackets({ address, parts }: Packet): readonly Buffer[] {
  const place = Buffer.from(address);
  const head = Buffer.from([VERSION, place.length >> 8, place.length & 0xff, ...place]);
  const packets: Buffer[] = [];
  let pieces: Uint8Array[] = [head];
  let bytes = 0;
  for (const part of parts) {
    const bodies = encodeBody(part);
    const length = bodies.reduce((sum, body) => sum + body.length, 0);
    if (bytes > 0 && bytes + length > PACKET_BYTES) {
      packets.push(Buffer.concat(pieces));
      [pieces, bytes] = [[head], 0];
    }
    const partHead = Buffer.allocUnsafe(PART_HEAD_BYTES);
    partHead[0] = KINDS.indexOf(part.type);
    partHead.writeUInt32BE(length, 1);
    pieces.push(partHead, ...bodies);
    bytes += length;
  }
  if (bytes > 0) packets.push(Buffer.concat(pieces));
  return packets;
}

/** `undefined` for bytes that are no packet. */
export function decodePacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length > MAX_PACKET_BYTES) return undefined;
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (error) {
    // Whatever reads beyond the end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decode(bytes: Buffer): Packet {
  if (bytes.readUInt8(0) !== VERSION) throw new RangeError('unknown version');
  const addressEnd = 3 + bytes.readUInt16BE(1);
  if (addressEnd - 3 > MAX_ADDRESS_BYTES) throw new RangeError('the address is too long');
  const parts: Part[] = [];
  let at = addressEnd;
  while (at < bytes.length) {
    const kind = KINDS[bytes.readUInt8(at)];
    const end = at + PART_HEAD_BYTES + bytes.readUInt32BE(at + 1);
    if (kind === undefined || end > bytes.length) throw new RangeError('not a part');
    parts.push(decodeBody(kind, bytes.subarray(at + PART_HEAD_BYTES, end)));
    at = end;
  }
  if (at !== bytes.length) throw new RangeError('the packet is cut off');
  return { address: bytes.toString('utf8', 3, addressEnd), parts };
}

function encodeBody(part: Part): readonly Uint8Array[] {
  switch (part.type) {
    case 'message':
      return [encodeMessage(part.message)];
    case 'offer':
      return [idBytes(part.shipment), number(part.bytes), encodeMessage(part.install)];
    case 'chunk':
      return [idBytes(part.shipment), number(part.offset), part.bytes];
    case 'progress':
      return [idBytes(part.shipment), number(part.offset), Buffer.of(part.isWhole ? 1 : 0)];
    case 'checksum':
      return [number(part.index), part.sum];
    case 'diverged':
      return [number(part.index)];
  }
}

function decodeBody(type: Part['type'], body: Buffer): Part {
  switch (type) {
    case 'message':
      return { type, message: messageIn(body) };
    case 'offer': {
      const install = messageIn(body.subarray(SHIPMENT_BYTES + NUMBER_BYTES));
      if (install.type !== 'install') throw new RangeError('an offer of something else');
      return { type, shipment: idOf(body), bytes: numberAt(body, SHIPMENT_BYTES), install };
    }
    case 'chunk': {
      const bytes = body.subarray(SHIPMENT_BYTES + NUMBER_BYTES);
      return { type, shipment: idOf(body), offset: numberAt(body, SHIPMENT_BYTES), bytes };
    }
    case 'progress': {
      exactly(body, SHIPMENT_BYTES + NUMBER_BYTES + 1);
      const isWhole = body.readUInt8(SHIPMENT_BYTES + NUMBER_BYTES) === 1;
      return { type, shipment: idOf(body), offset: numberAt(body, SHIPMENT_BYTES), isWhole };
    }
    case 'checksum':
      if (body.length > NUMBER_BYTES + MAX_SUM_BYTES) throw new RangeError('the sum is too long');
      return { type, index: numberAt(body, 0) as Index, sum: body.subarray(NUMBER_BYTES) };
    case 'diverged':
      exactly(body, NUMBER_BYTES);
      return { type, index: numberAt(body, 0) as Index };
  }
}

function messageIn(bytes: Buffer): Message {
  const message = decodeMessage(bytes);
  if (message === undefined) throw new RangeError('not a message');
  return message;
}

function exactly(body: Buffer, length: number): void {
  if (body.length !== length) throw new RangeError('a part of another length');
}

function number(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES);
  bytes.writeUIntBE(value, 0, NUMBER_BYTES);
  return bytes;
}

function numberAt(body: Buffer, offset: number): number {
  return body.readUIntBE(offset, NUMBER_BYTES);
}

function idBytes(shipment: ShipmentId): Buffer {
  const bytes = Buffer.from(shipment, 'hex');
  exactly(bytes, SHIPMENT_BYTES);
  return bytes;
}

function idOf(body: Buffer): ShipmentId {
  if (body.length < SHIPMENT_BYTES) throw new RangeError('a shipment without a name');
  return body.toString('hex', 0, SHIPMENT_BYTES) as ShipmentId;
}
