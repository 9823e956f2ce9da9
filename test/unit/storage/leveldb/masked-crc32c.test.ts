import test from 'ava';
import { maskedCrc32c } from '#storage/leveldb/masked-crc32c.ts';

test('the masked form is rotated by 15 bits and shifted', (t) => {
  const crc = 0xe3069283;
  t.is(maskedCrc32c(Buffer.from('123456789')), (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
});
