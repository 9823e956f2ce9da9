import test from 'ava';
import { crc32c } from '#raft/crc32c.ts';

// RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRCs.
const VECTORS: readonly (readonly [string, Uint8Array, number])[] = [
  ['nothing', Buffer.alloc(0), 0],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c],
];

for (const [what, bytes, expected] of VECTORS) {
  test(`the CRC-32C of ${what}`, (t) => {
    t.is(crc32c(bytes), expected);
  });
}

test('the sum of two parts, the second seeded with the first, is that of the whole', (t) => {
  const whole = Buffer.from(Array.from({ length: 61 }, (_, at) => (at * 7) & 0xff));
  for (let cut = 0; cut <= whole.length; cut++) {
    t.is(crc32c(whole.subarray(cut), crc32c(whole.subarray(0, cut))), crc32c(whole));
  }
});
