// What an entry means survives its bytes, and bytes that mean nothing are refused.
import test from 'ava';
import { decodeEntry, encodeEntry, MAX_ENTRY_BYTES, type EntryData } from '#storage/entry.ts';
import { DamagedError, type Index } from '#storage/physical.ts';

const ENTRIES: readonly (readonly [string, EntryData])[] = [
  ['no writes', { type: 'writes', writes: new Map() }],
  [
    'writes and deletes',
    {
      type: 'writes',
      writes: new Map([
        ['a', Buffer.from('1')],
        ['b/c', undefined],
        ['empty', Buffer.alloc(0)],
        ['ключ/\u{1f511}', Buffer.alloc(70_000, 7)],
      ]),
    },
  ],
  ['the beginning of a restore', { type: 'restore-begin' }],
  [
    'a piece of a restore',
    { type: 'restore-chunk', begun: (2 ** 40) as Index, number: 7, bytes: Buffer.from('xyz') },
  ],
  [
    'an empty piece',
    { type: 'restore-chunk', begun: 1 as Index, number: 0, bytes: Buffer.alloc(0) },
  ],
  ['the end of a restore', { type: 'restore-commit', begun: 9 as Index, chunks: 3 }],
];

for (const [what, entry] of ENTRIES) {
  test(`an entry is read as it was written: ${what}`, (t) => {
    t.deepEqual(decodeEntry(encodeEntry(entry)), entry);
  });

  test(`an entry that ends early or late is refused: ${what}`, (t) => {
    const bytes = encodeEntry(entry);
    // A piece may end anywhere: whether all of them are there is checked by their sum.
    const shortest = entry.type === 'restore-chunk' ? 13 : bytes.length;
    for (let length = 0; length < Math.min(shortest, 100); length++) {
      t.throws(() => decodeEntry(bytes.subarray(0, length)), { instanceOf: DamagedError });
    }
    if (entry.type === 'restore-chunk') return;
    const longer = Buffer.concat([bytes, Buffer.of(0)]);
    t.throws(() => decodeEntry(longer), { instanceOf: DamagedError });
  });
}

const one = encodeEntry({ type: 'writes', writes: new Map([['ab', Buffer.from('12')]]) });

const REFUSED: readonly (readonly [string, Buffer])[] = [
  ['an unknown kind', Buffer.of(9, 0, 0, 0, 0)],
  [
    'a key that comes twice',
    Buffer.concat([Buffer.of(1, 0, 0, 0, 2), one.subarray(5), one.subarray(5)]),
  ],
  ['a length beyond the end', changed(one, 8, 200)],
  ['a reserved key', changed(one, 13, 0)],
  ['more writes than there are bytes', changed(one, 1, 255)],
  ['more bytes than an entry may have', Buffer.alloc(MAX_ENTRY_BYTES + 1)],
];

for (const [what, bytes] of REFUSED) {
  test(`bytes that are no entry are refused: ${what}`, (t) => {
    t.throws(() => decodeEntry(bytes), { instanceOf: DamagedError });
  });
}

test('what could not be read is not written', (t) => {
  const large = Buffer.alloc(MAX_ENTRY_BYTES);
  t.throws(() => encodeEntry(writes('\0a', Buffer.alloc(0))), { instanceOf: RangeError });
  t.throws(() => encodeEntry(writes('a', large)), { instanceOf: RangeError });
  const chunk = { type: 'restore-chunk', begun: 1 as Index, number: 0, bytes: large } as const;
  t.throws(() => encodeEntry(chunk), { instanceOf: RangeError });
});

function writes(key: string, value: Buffer): EntryData {
  return { type: 'writes', writes: new Map([[key, value]]) };
}

function changed(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
}
