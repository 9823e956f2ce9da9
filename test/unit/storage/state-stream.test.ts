// A state comes out of its bytes as it went in, however they are cut, and nothing else comes out of other bytes.
import test from 'ava';
import { DamagedError, type Index } from '#storage/physical.ts';
import { fingerprintOf, StateHash } from '#storage/record.ts';
import { Packer, readParts, type Part } from '#storage/state-stream.ts';
import { stream } from '#test/helpers/machine.ts';

const hash = new StateHash();
hash.add(fingerprintOf(Buffer.from('r')));
const staging = { begun: 4 as Index, chunks: 1, sum: 'cd'.repeat(32) };
const sum: Part = { type: 'sum', sum: { count: 2, hash, staging: undefined } };
const end: Part = { type: 'end' };
const record = (bytes: number): Part => ({ type: 'record', bytes: Buffer.alloc(bytes, 'r') });

function pack(parts: readonly Part[]): Buffer {
  const packer = new Packer();
  const pieces = parts.flatMap((part) => {
    packer.add(part);
    return packer.full();
  });
  return Buffer.concat([...pieces, ...packer.rest()]);
}

async function read(pieces: readonly Uint8Array[]): Promise<readonly Part[]> {
  const all: Part[] = [];
  for await (const parts of readParts(stream(pieces))) all.push(...parts);
  return all;
}

function cut(bytes: Buffer, size: number): readonly Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

const PARTS: readonly Part[] = [
  { type: 'sum', sum: { count: 2, hash, staging } },
  record(0),
  record(100),
  { type: 'staged', bytes: Buffer.from('piece') },
  end,
];

for (const size of [1, 4, 5, 6, 7, 64, 10_000]) {
  test(`a state is read whatever it was cut into: ${size} bytes`, async (t) => {
    const parts = await read(cut(pack(PARTS), size));
    t.is(parts.length, PARTS.length);
    t.deepEqual(parts.slice(1), PARTS.slice(1));
    const [first] = parts;
    t.true(first?.type === 'sum' && first.sum.hash.equals(hash) && first.sum.count === 2);
    t.deepEqual(first?.type === 'sum' && first.sum.staging, staging);
  });
}

test('a piece is never larger than a megabyte, and nothing is held back at the end', async (t) => {
  const packer = new Packer();
  const pieces: Buffer[] = [];
  const parts = [sum, record(3_500_000), record(10), record(1_048_576), end];
  for (const part of parts) {
    packer.add(part);
    pieces.push(...packer.full());
  }
  pieces.push(...packer.rest());
  t.deepEqual([...new Set(pieces.slice(0, -1).map(({ length }) => length))], [1_048_576]);
  t.true((pieces.at(-1)?.length ?? 0) <= 1_048_576);
  t.deepEqual((await read(pieces)).slice(1), parts.slice(1));
  t.deepEqual(packer.rest(), []);
});

const whole = pack([sum, record(10), end]);
const REFUSED: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['no end', whole.subarray(0, -5)],
  ['half an end', whole.subarray(0, -1)],
  ['something after the end', Buffer.concat([whole, Buffer.of(0)])],
  ['a part after the end', pack([sum, end, record(1)])],
  ['no sum', pack([record(1), end])],
  ['two sums', pack([sum, sum, end])],
  ['another format', Buffer.from(whole.toString('latin1').replace('coffer3', 'coffer4'), 'latin1')],
  ['an unknown kind', Buffer.from([0, 0, 0, 0, 9])],
  ['a part that nobody could hold', Buffer.from([0xff, 0, 0, 0, 2])],
  [
    'something that cannot have been laid aside',
    pack([{ type: 'sum', sum: { count: 0, hash, staging: { ...staging, sum: 'x' } } }, end]),
  ],
];

for (const [what, bytes] of REFUSED) {
  test(`bytes that are no state are refused: ${what}`, async (t) => {
    await t.throwsAsync(read([bytes]), { instanceOf: DamagedError });
    await t.throwsAsync(read(cut(bytes, 3)), { instanceOf: DamagedError });
  });
}
