// An archive that is written is read again, and nothing that is not exactly such an archive is.
import { readdirSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { ArchiveError, ForeignArchiveError } from '#server/raft/archive/error.ts';
import { sha256, sumsText } from '#server/raft/archive/parts.ts';
import { readArchive } from '#server/raft/archive/read.ts';
import { paddingOf, TAR_END, tarHeader } from '#server/raft/archive/tar.ts';
import { openArchive } from '#server/raft/archive/write.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { server, WholeCluster } from '#test/helpers/whole-cluster.ts';

/** A seal whose key is one byte. */
const sealWith =
  (key: number) =>
  (sums: Buffer): Buffer =>
    Buffer.from([key, ...sums]);
const openWith =
  (key: number) =>
  (sealed: Buffer): Buffer | undefined =>
    sealed[0] === key ? sealed.subarray(1) : undefined;

const STATE = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * at) % 251));

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

async function written(state: Buffer, spoolFolder: string): Promise<Buffer> {
  const { configuration, index, term, configurationIndex } = WholeCluster.leading(
    server('node1', 'staging'),
  ).save();
  const saved = {
    index,
    term,
    configuration,
    configurationIndex,
    chunks: () => inPieces(state),
    release: () => {},
  };
  const archive = await openArchive(saved, {
    spoolFolder,
    now: millis(1_700_000_000_000),
    sealSums: sealWith(1),
  });
  const bytes = await whole(archive.chunks());
  await archive.close();
  return bytes;
}

/** The state in an archive, if it is taken. */
async function read(
  bytes: Uint8Array,
  spoolFolder: string,
  { key = 1, isForced = false, piece = 1000 } = {},
): Promise<Buffer> {
  const options = { spoolFolder, openSums: openWith(key), isForced };
  await using archive = await readArchive(inPieces(bytes, piece), options);
  return await whole(archive.state());
}

const SIZES = [0, 1, 511, 512, 513, 70_000] as const;

for (const size of SIZES) {
  test(`a state of ${size} bytes comes back as it was, in pieces of any size`, async (t) => {
    const folder = temporaryFolder(t);
    const bytes = await written(STATE.subarray(0, size), folder);
    for (const piece of [7, 1000, bytes.length]) {
      t.deepEqual(await read(bytes, folder, { piece }), STATE.subarray(0, size));
    }
    t.deepEqual(readdirSync(folder), []);
  });
}

test('tar itself reads the archive, and meta.json says what it is', async (t) => {
  const tar = gunzipSync(await written(STATE, temporaryFolder(t)));
  const names: string[] = [];
  for (let at = 0; tar[at] !== 0;) {
    names.push(tar.toString('latin1', at, at + 100).replaceAll('\0', ''));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    at += 512 + size + paddingOf(size);
  }
  t.deepEqual(names, ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed']);
  const meta: unknown = JSON.parse(tar.toString('utf8', 512, tar.indexOf('}\0', 512) + 1));
  t.like(meta, {
    Version: 1,
    ID: 'coffer-1-0',
    Index: 0,
    Term: 1,
    Configuration: {
      Servers: [
        { Suffrage: 0, ID: 'node0', Address: '127.0.0.1:8201' },
        { Suffrage: 2, ID: 'node1', Address: '127.0.0.1:8211' },
      ],
    },
    ConfigurationIndex: 1,
    Size: STATE.length,
  });
});

test("another cluster's archive is taken by force only", async (t) => {
  const folder = temporaryFolder(t);
  const bytes = await written(STATE, folder);
  await t.throwsAsync(read(bytes, folder, { key: 2 }), { instanceOf: ForeignArchiveError });
  t.deepEqual(await read(bytes, folder, { key: 2, isForced: true }), STATE);
  t.deepEqual(readdirSync(folder), []);
});

interface Part {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const META = {
  Version: 1,
  ID: 'coffer-1-1',
  Index: 1,
  Term: 1,
  Size: STATE.length,
  Format: 'coffer.1',
};

/** The parts of a right archive over a changed meta.json or state; the sums are right. */
function parts(meta: unknown = META, state: Uint8Array = STATE): Part[] {
  const text = Buffer.from(JSON.stringify(meta));
  const sums = Buffer.from(sumsText(sha256(text), sha256(state)));
  return [
    { name: 'meta.json', bytes: text },
    { name: 'state.bin', bytes: state },
    { name: 'SHA256SUMS', bytes: sums },
    { name: 'SHA256SUMS.sealed', bytes: sealWith(1)(sums) },
  ];
}

const one = ({ name, bytes }: Part): Buffer =>
  Buffer.concat([
    tarHeader({ name, size: bytes.length }, 0),
    bytes,
    Buffer.alloc(paddingOf(bytes.length)),
  ]);

const tarOf = (all: readonly Part[], end: Uint8Array = TAR_END): Buffer =>
  Buffer.concat([...all.map(one), end]);

function replaced(name: string, change: (part: Part) => readonly Part[]): Buffer {
  return tarOf(parts().flatMap((part) => (part.name === name ? change(part) : [part])));
}

/** A header with some bytes changed, and its sum made right again. */
function withHeader(name: string, change: (header: Buffer) => void): Buffer {
  const tar = tarOf(parts());
  let at = 0;
  for (const part of parts()) {
    if (part.name === name) break;
    at += 512 + part.bytes.length + paddingOf(part.bytes.length);
  }
  const header = tar.subarray(at, at + 512);
  change(header);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return tar;
}

test('the archive of these tests is right to begin with', async (t) => {
  const folder = temporaryFolder(t);
  t.deepEqual(await read(gzipSync(tarOf(parts())), folder), STATE);
  t.deepEqual(await read(gzipSync(tarOf(parts(), Buffer.alloc(10_240))), folder), STATE);
  t.deepEqual(await read(gzipSync(withHeader('state.bin', () => {})), folder), STATE);
});

const BAD: readonly (readonly [what: string, packed: () => Uint8Array])[] = [
  ['nothing', () => Buffer.alloc(0)],
  ['a text', () => Buffer.from('not a snapshot')],
  ['empty gzip', () => gzipSync(Buffer.alloc(0))],
  ['a tar archive without gzip', () => tarOf(parts())],
  ['an empty archive', () => gzipSync(TAR_END)],
  ['no meta.json', () => gzipSync(replaced('meta.json', () => []))],
  ['no state', () => gzipSync(replaced('state.bin', () => []))],
  ['no sums', () => gzipSync(replaced('SHA256SUMS', () => []))],
  ['no sealed sums', () => gzipSync(replaced('SHA256SUMS.sealed', () => []))],
  ['two states', () => gzipSync(replaced('state.bin', (part) => [part, part]))],
  ['another order', () => gzipSync(tarOf(parts().toReversed()))],
  ['a fifth file', () => gzipSync(tarOf([...parts(), { name: 'x', bytes: STATE }]))],
  [
    'a name that leads elsewhere',
    () => gzipSync(replaced('state.bin', (part) => [{ ...part, name: '../state.bin' }])),
  ],
  [
    'an absolute name',
    () => gzipSync(replaced('meta.json', (part) => [{ ...part, name: '/etc/meta.json' }])),
  ],
  ['a link', () => gzipSync(withHeader('state.bin', (header) => header.write('2', 156)))],
  ['a folder', () => gzipSync(withHeader('state.bin', (header) => header.write('5', 156)))],
  [
    'an extended header',
    () => gzipSync(withHeader('meta.json', (header) => header.write('x', 156))),
  ],
  ['a name with a prefix', () => gzipSync(withHeader('meta.json', (h) => h.write('..', 345)))],
  ['an old form of tar', () => gzipSync(withHeader('meta.json', (h) => h.fill(0, 257, 265)))],
  ['a size that is no number', () => gzipSync(withHeader('state.bin', (h) => h.write('9', 124)))],
  [
    'a size beyond all bounds',
    () => gzipSync(withHeader('state.bin', (h) => h.fill(0xff, 125, 136).writeUInt8(0x80, 124))),
  ],
  [
    'a meta.json that is too large',
    () => gzipSync(replaced('meta.json', (part) => [{ ...part, bytes: Buffer.alloc(300_000) }])),
  ],
  ['an older version', () => gzipSync(tarOf(parts({ ...META, Version: 0 })))],
  ['a newer version', () => gzipSync(tarOf(parts({ ...META, Version: 2 })))],
  ['another format', () => gzipSync(tarOf(parts({ ...META, Format: undefined })))],
  ['another size', () => gzipSync(tarOf(parts({ ...META, Size: 5 })))],
  ['a negative index', () => gzipSync(tarOf(parts({ ...META, Index: 'x' })))],
  ['a list for meta.json', () => gzipSync(tarOf(parts([])))],
  [
    'wrong sums',
    () => gzipSync(replaced('SHA256SUMS', () => [parts(META, Buffer.of(1))[2] as Part])),
  ],
  [
    'sums of another archive under the right seal',
    () => gzipSync(replaced('SHA256SUMS.sealed', () => [parts(META, Buffer.of(1))[3] as Part])),
  ],
  [
    'something behind the gzip data',
    () => Buffer.concat([gzipSync(tarOf(parts())), Buffer.from('x')]),
  ],
  ['zeroes behind the gzip data', () => Buffer.concat([gzipSync(tarOf(parts())), Buffer.alloc(9)])],
  ['two archives', () => Buffer.concat([gzipSync(tarOf(parts())), gzipSync(tarOf(parts()))])],
  [
    'something behind the end',
    () => gzipSync(tarOf(parts(), Buffer.concat([TAR_END, Buffer.from('x')]))),
  ],
  ['endless zeroes behind the end', () => gzipSync(tarOf(parts(), Buffer.alloc(10_000_000)))],
  ['no end', () => gzipSync(tarOf(parts(), Buffer.alloc(512)))],
  ['gzip that unpacks to a hundred times its size', () => gzipSync(Buffer.alloc(50_000_000))],
  [
    'a state that unpacks to a hundred times its size',
    () => gzipSync(tarOf(parts({ ...META, Size: 50_000_000 }, Buffer.alloc(50_000_000)))),
  ],
];

for (const [what, packed] of BAD) {
  test(`refused: ${what}`, async (t) => {
    const folder = temporaryFolder(t);
    for (const piece of [999, 100_000_000]) {
      const reading = read(packed(), folder, { piece });
      await t.throwsAsync(reading, { instanceOf: ArchiveError });
    }
    t.deepEqual(readdirSync(folder), []);
  });
}

test('an archive is refused wherever it is cut off', async (t) => {
  const folder = temporaryFolder(t);
  const tar = tarOf(parts());
  for (let length = 0; length < tar.length; length += 509) {
    const cut = gzipSync(tar.subarray(0, length), { level: 1 });
    await t.throwsAsync(read(cut, folder), { instanceOf: ArchiveError }, `tar of ${length}`);
  }
  const packed = gzipSync(tar);
  for (let length = 0; length < packed.length; length += 997) {
    const reading = read(packed.subarray(0, length), folder);
    await t.throwsAsync(reading, { instanceOf: ArchiveError }, `gzip of ${length}`);
  }
  t.deepEqual(readdirSync(folder), []);
});

test('a flipped bit is seen wherever it is', async (t) => {
  const folder = temporaryFolder(t);
  const tar = tarOf(parts());
  const ends = tar.length - TAR_END.length;
  for (let at = 0; at < tar.length; at += at % 512 < 300 && at < ends ? 61 : 257) {
    const changed = Buffer.from(tar);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const reading = read(gzipSync(changed, { level: 1 }), folder);
    await t.throwsAsync(reading, { any: true }, `byte ${at}`);
  }
});

test('a source that breaks off is told of as it is', async (t) => {
  const folder = temporaryFolder(t);
  const bytes = await written(STATE, folder);
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes.subarray(0, 5000));
    throw new TypeError('the client has gone');
  };
  const options = { spoolFolder: folder, openSums: openWith(1), isForced: false };
  await t.throwsAsync(readArchive(broken(), options), { message: 'the client has gone' });
  t.deepEqual(readdirSync(folder), []);
});

test('a state that cannot be read to its end leaves nothing behind', async (t) => {
  const folder = temporaryFolder(t);
  const cluster = WholeCluster.leading();
  const state = cluster.save();
  const broken = {
    ...state,
    chunks: async function* () {
      yield await Promise.resolve(Buffer.from('some'));
      throw new TypeError('the disk has gone');
    },
  };
  const options = { spoolFolder: folder, now: millis(0), sealSums: sealWith(1) };
  await t.throwsAsync(openArchive(broken, options), { message: 'the disk has gone' });
  t.is(cluster.saving, 0);
  t.deepEqual(readdirSync(folder), []);
});
