// CRC-32C (Castagnoli), which finds any five flipped bits in a sector of 512 bytes. Node has only the other CRC-32.

/** TABLES[k * 256 + byte]: the remainder of a byte that k more bytes follow, so that eight bytes are taken at once. */
const TABLES = new Uint32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ (0x82f63b78 & -(remainder & 1));
  }
  TABLES[byte] = remainder;
}
for (let at = 256; at < TABLES.length; at++) {
  const before = TABLES[at - 256] ?? 0;
  TABLES[at] = (before >>> 8) ^ (TABLES[before & 0xff] ?? 0);
}

/** `seed` is the sum of what comes before these bytes; any other number makes the sum depend on it as well. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) crc = eight(bytes, at, crc);
  for (; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[at]!) & 0xff]!;
  }
  return ~crc >>> 0;
}

function eight(bytes: Uint8Array, at: number, crc: number): number {
  return (
    TABLES[0x700 | ((crc ^ bytes[at]!) & 0xff)]! ^
    TABLES[0x600 | (((crc >>> 8) ^ bytes[at + 1]!) & 0xff)]! ^
    TABLES[0x500 | (((crc >>> 16) ^ bytes[at + 2]!) & 0xff)]! ^
    TABLES[0x400 | ((crc >>> 24) ^ bytes[at + 3]!)]! ^
    TABLES[0x300 | bytes[at + 4]!]! ^
    TABLES[0x200 | bytes[at + 5]!]! ^
    TABLES[0x100 | bytes[at + 6]!]! ^
    TABLES[bytes[at + 7]!]!
  );
}
