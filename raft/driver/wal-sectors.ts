// How a group of records lies on the disk, so that a torn tail and damage can be told apart. A segment is a file of
// sectors, all zeroes when it is made and never used twice. A group takes whole sectors; each holds the checksum of the
// rest of it, seeded with its place and with a sum over everything before the group (the chain).
//
// Why that suffices: a group is written only once the one before it is durable. A crash keeps any of the sectors of the
// last group and leaves the others zero. So behind the last whole group a crash leaves nothing but zeroes and sectors of
// the one group that comes next, which nobody was told of. Anything else (a sector that is neither, or one of a later
// group, or a later segment that was begun) is damage to something that was durable once.
import { crc32c } from '../crc32c.ts';

/** What disks write whole or not at all. */
export const SECTOR_BYTES = 512;
const SUM_BYTES = 4;
const PAYLOAD_BYTES = SECTOR_BYTES - SUM_BYTES;
/** The payload of a group begins with its length. */
const LENGTH_BYTES = 4;
const ZEROES = Buffer.alloc(SECTOR_BYTES);

/** Where a group is, and the chain before it. */
export interface Place {
  readonly sector: number;
  readonly chain: number;
}

export interface Group {
  readonly payload: Buffer;
  /** The place after it. */
  readonly next: Place;
}

/** What the first group of a segment is seeded with. */
export const firstPlace = (segment: number): Place => ({
  sector: 0,
  chain: crc32c(Buffer.from(`segment ${segment}`)),
});

export function sectorsFor(payloadBytes: number): number {
  return Math.ceil((LENGTH_BYTES + payloadBytes) / PAYLOAD_BYTES);
}

/**
 * The bytes of a group whose payload `write` puts behind the offset that it is given, and the place after it; `write` says
 * where the payload ends. It is written towards the end of the buffer and moved forward sector by sector, so that there is
 * one buffer and no other copy.
 */
export function frameGroup(
  place: Place,
  room: number,
  write: (to: Buffer, at: number) => number,
): { readonly bytes: Buffer; readonly next: Place } {
  const begin = sectorsFor(room) * SUM_BYTES;
  const buffer = Buffer.allocUnsafe(sectorsFor(room) * SECTOR_BYTES);
  const end = write(buffer, begin + LENGTH_BYTES);
  const payloadBytes = end - begin - LENGTH_BYTES;
  buffer.writeUInt32LE(payloadBytes, begin);
  buffer.fill(0, end);
  const count = sectorsFor(payloadBytes);
  const bytes = buffer.subarray(0, count * SECTOR_BYTES);
  let { chain } = place;
  for (let at = 0; at < count; at++) {
    const sector = bytes.subarray(at * SECTOR_BYTES, (at + 1) * SECTOR_BYTES);
    const from = begin + at * PAYLOAD_BYTES;
    buffer.copyWithin(at * SECTOR_BYTES + SUM_BYTES, from, from + PAYLOAD_BYTES);
    sector.writeUInt32LE(sumOf(sector, place.sector + at, place.chain));
    chain = crc32c(sector.subarray(0, SUM_BYTES), chain);
  }
  return { bytes, next: { sector: place.sector + count, chain } };
}

/** The group at a place; `undefined` when it is not whole. */
export function readGroup(segment: Buffer, place: Place): Group | undefined {
  if (!isSectorOf(segment, place.sector, place.chain)) return undefined;
  const length = segment.readUInt32LE(place.sector * SECTOR_BYTES + SUM_BYTES);
  const count = sectorsFor(length);
  if (place.sector + count > sectorsIn(segment)) return undefined;
  const framed = Buffer.allocUnsafe(count * PAYLOAD_BYTES);
  let { chain } = place;
  for (let at = 0; at < count; at++) {
    if (!isSectorOf(segment, place.sector + at, place.chain)) return undefined;
    const from = (place.sector + at) * SECTOR_BYTES;
    segment.copy(framed, at * PAYLOAD_BYTES, from + SUM_BYTES, from + SECTOR_BYTES);
    chain = crc32c(segment.subarray(from, from + SUM_BYTES), chain);
  }
  return {
    payload: framed.subarray(LENGTH_BYTES, LENGTH_BYTES + length),
    next: { sector: place.sector + count, chain },
  };
}

/** Which sectors are to be zeroed when no whole group is at a place; `undefined`: what is there is no torn group. */
export function tornSectors(
  segment: Buffer,
  { sector, chain }: Place,
): { readonly from: number; readonly to: number } | undefined {
  let to = sector;
  for (let at = sector; at < sectorsIn(segment); at++) {
    if (isZero(segment, at)) continue;
    if (!isSectorOf(segment, at, chain)) return undefined;
    to = at + 1;
  }
  return { from: sector, to };
}

const sectorsIn = (segment: Buffer): number => Math.floor(segment.length / SECTOR_BYTES);

function isSectorOf(segment: Buffer, at: number, chain: number): boolean {
  const from = at * SECTOR_BYTES;
  if (from + SECTOR_BYTES > segment.length) return false;
  const sector = segment.subarray(from, from + SECTOR_BYTES);
  return sector.readUInt32LE(0) === sumOf(sector, at, chain);
}

const sumOf = (sector: Buffer, at: number, chain: number): number =>
  crc32c(sector.subarray(SUM_BYTES), (chain ^ at) >>> 0);

const isZero = (segment: Buffer, at: number): boolean =>
  segment.compare(ZEROES, 0, SECTOR_BYTES, at * SECTOR_BYTES, (at + 1) * SECTOR_BYTES) === 0;
