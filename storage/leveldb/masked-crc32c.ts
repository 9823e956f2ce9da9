// The checksum that LevelDB keeps with each block of a table and each record of its logs.
import { crc32c } from '#raft/crc32c.ts';

/** A CRC over data that itself holds CRCs would be weak, so they are stored in another form. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
