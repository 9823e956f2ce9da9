import test from 'ava';
import { frame, FrameError, FrameReader, SIGN_OF_LIFE } from '#raft/driver/frames.ts';

const bytes = (length: number, fill: number): Buffer => Buffer.alloc(length, fill);

function readAll(reader: FrameReader, stream: Buffer, size: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size) {
    found.push(...[...reader.read(stream.subarray(at, at + size))].map((one) => Buffer.from(one)));
  }
  return found;
}

test('packets come out as they went in, however the stream is cut', (t) => {
  const packets = [bytes(1, 1), bytes(0, 0), bytes(5, 2), bytes(200_000, 3), bytes(3, 4)];
  const stream = Buffer.concat(packets.map(frame));
  for (const size of [1, 2, 3, 4, 5, 7, 1000, 65_536, stream.length]) {
    const found = readAll(new FrameReader(200_000), stream, size);
    t.true(Buffer.concat(found.map(frame)).equals(stream), `pieces of ${size}`);
  }
});

test('a packet of the largest size is taken, one byte more is not', (t) => {
  t.is([...new FrameReader(10).read(frame(bytes(10, 1)))].length, 1);
  t.throws(() => [...new FrameReader(10).read(frame(bytes(11, 1)))], { instanceOf: FrameError });
});

test('a size that is announced takes no memory before the bytes come', (t) => {
  const reader = new FrameReader(2 ** 30);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(2 ** 30);
  const before = process.memoryUsage().arrayBuffers;
  t.deepEqual([...reader.read(header)], []);
  t.deepEqual([...reader.read(bytes(100, 1))], []);
  t.true(process.memoryUsage().arrayBuffers - before < 2 ** 20);
});

test('a stream that ends in the middle of a packet gives nothing of it', (t) => {
  const whole = frame(bytes(50, 9));
  for (let end = 1; end < whole.length; end += 1) {
    t.deepEqual([...new FrameReader(100).read(whole.subarray(0, end))], []);
  }
});

test('a sign of life is a packet without bytes', (t) => {
  t.deepEqual([...new FrameReader(10).read(SIGN_OF_LIFE)], [bytes(0, 0)]);
});
