// The transport over streams in memory and a timer that the test advances.
import { Duplex, duplexPair } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { frame } from '#raft/driver/frames.ts';
import { Transport, type TransportOptions } from '#raft/driver/transport.ts';
import type { NodeId } from '#raft/types.ts';
import { collectGarbage } from '#test/security/helpers/garbage.ts';
import { RaftTimer } from '#test/helpers/raft-timer.ts';

const node = (name: string): NodeId => name as NodeId;
const [ONE, TWO] = [node('one'), node('two')];
const MAX = 1000;

/** Streams deliver within some turns of the loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

class Bench {
  readonly timer = new RaftTimer();
  readonly failures: string[] = [];
  readonly received: string[] = [];
  /** The connections that were made: this end, and the end of the other node. */
  readonly dialed: { readonly address: string; readonly own: Duplex; readonly far: Duplex }[] = [];
  /** What the next attempts to connect answer in the place of a connection. */
  readonly refusals: Error[] = [];
  /** Whether the other node takes what comes. */
  isAnswered = true;
  readonly one: Transport;
  readonly two: Transport;

  constructor(more: Partial<TransportOptions> = {}) {
    const { timer } = this;
    const options = {
      timer,
      random: () => 0.999,
      maxPacketBytes: MAX,
      failed: (_: NodeId, error: Error) => void this.failures.push(error.message),
      dial: (_: NodeId, address: string) => this.#dial(address),
      ...more,
    };
    this.one = new Transport(options);
    this.two = new Transport(options);
    this.two.listen((from, packet) => {
      this.received.push(`${from} ${Buffer.from(packet).toString()}`);
    });
  }

  send(text: string, isBulk = false): void {
    this.one.send(TWO, 'two:1', Buffer.from(text), isBulk);
  }

  #dial(address: string): Promise<Duplex> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    const [own, far] = duplexPair();
    // A socket ends with its other end; these are to do the same.
    own.once('close', () => far.destroy());
    far.once('close', () => own.destroy());
    this.dialed.push({ address, own, far });
    if (this.isAnswered) this.two.accept(ONE, far);
    return Promise.resolve(own);
  }
}

test('packets come in order, over one connection', async (t) => {
  const bench = new Bench();
  for (let count = 0; count < 50; count += 1) bench.send(`p${count}`);
  await settle();
  t.deepEqual(
    bench.received,
    Array.from({ length: 50 }, (_, count) => `one p${count}`),
  );
  t.is(bench.dialed.length, 1);
});

test('what is sent in one turn goes out in one write', async (t) => {
  const writes: number[] = [];
  const stream = new Duplex({
    read: () => {},
    writev: (chunks, done) => {
      writes.push(chunks.length);
      done();
    },
  });
  const bench = new Bench({ dial: () => Promise.resolve(stream) });
  bench.send('first');
  await settle();
  writes.length = 0;
  for (let count = 0; count < 100; count += 1) bench.send('x');
  await settle();
  t.deepEqual(writes, [100]);
});

test('bulk has a connection of its own', async (t) => {
  const bench = new Bench();
  bench.send('heartbeat');
  bench.send('snapshot', true);
  await settle();
  t.is(bench.dialed.length, 2);
  t.deepEqual(bench.received.toSorted(), ['one heartbeat', 'one snapshot']);
});

test('a bulk connection that does not move holds up nothing else', async (t) => {
  const bench = new Bench();
  bench.isAnswered = false;
  bench.send('x'.repeat(MAX), true);
  await settle();
  bench.isAnswered = true;
  for (let count = 0; count < 1000; count += 1) bench.send('x'.repeat(MAX), true);
  bench.send('heartbeat');
  await settle();
  t.deepEqual(bench.received, ['one heartbeat']);
});

test('packets larger than is taken are not sent', async (t) => {
  const bench = new Bench();
  bench.send('x'.repeat(MAX + 1));
  bench.send('y');
  await settle();
  t.deepEqual(bench.received, ['one y']);
});

test('a packet larger than is taken ends the connection, and is told of', async (t) => {
  const bench = new Bench();
  const [own, far] = duplexPair();
  bench.two.accept(ONE, far);
  own.write(frame(Buffer.from('a')));
  own.write(frame(Buffer.alloc(MAX + 1)));
  own.write(frame(Buffer.from('b')));
  await settle();
  t.true(far.destroyed);
  t.deepEqual(bench.received, ['one a']);
  t.deepEqual(bench.failures, ['a packet of 1001 bytes is larger than is taken']);
});

test('a connection that ends in the middle of a packet gives nothing of it', async (t) => {
  const bench = new Bench();
  const [own, far] = duplexPair();
  bench.two.accept(ONE, far);
  own.write(frame(Buffer.from('whole')));
  own.end(frame(Buffer.from('cut')).subarray(0, 6));
  await settle();
  t.true(far.destroyed);
  t.deepEqual(bench.received, ['one whole']);
});

test('a node that cannot be reached is tried again, more and more seldom', async (t) => {
  const bench = new Bench();
  bench.refusals.push(...Array.from({ length: 1000 }, () => new Error('refused')));
  for (let passed = 0; passed < 60_000; passed += 25) {
    bench.send('vote');
    await Promise.resolve();
    bench.timer.advance(25);
    await Promise.resolve();
  }
  t.true(bench.failures.length >= 25, `${bench.failures.length}`);
  t.true(bench.failures.length <= 45, `${bench.failures.length}`);
});

test('a node that is back is met again, and what is old is not sent', async (t) => {
  const bench = new Bench();
  bench.refusals.push(new Error('refused'));
  bench.send('old');
  await settle();
  bench.send('newer');
  bench.timer.advance(100);
  await settle();
  t.deepEqual(bench.received, ['one newer']);
  t.deepEqual(bench.failures, ['refused']);
});

test('a node that takes connections and ends them is not stormed', async (t) => {
  const bench = new Bench();
  bench.isAnswered = false;
  for (let passed = 0; passed < 20_000; passed += 50) {
    bench.send('x');
    await settle();
    bench.dialed.at(-1)?.far.destroy();
    await settle();
    bench.timer.advance(50);
  }
  t.true(bench.dialed.length <= 25, `${bench.dialed.length}`);
});

test('a connection that broke is made again', async (t) => {
  const bench = new Bench();
  bench.send('a');
  await settle();
  bench.dialed[0]?.own.destroy(new Error('reset'));
  await settle();
  bench.send('b');
  bench.timer.advance(100);
  await settle();
  t.deepEqual(bench.received, ['one a', 'one b']);
  t.deepEqual(bench.failures, ['reset']);
});

test('another end that is silent is dead', async (t) => {
  const bench = new Bench();
  bench.isAnswered = false;
  bench.send('a');
  await settle();
  for (let second = 0; second < 6; second += 1) {
    bench.send('b');
    bench.timer.advance(1000);
    await settle();
  }
  t.true(bench.dialed[0]?.own.destroyed);
  t.deepEqual(bench.failures, ['the other end is silent']);
});

test('a connection in use lives on signs of life', async (t) => {
  const bench = new Bench();
  for (let second = 0; second < 120; second += 1) {
    if (second % 30 === 0) bench.send('a');
    bench.timer.advance(1000);
    await settle();
  }
  t.is(bench.dialed.length, 1);
  t.deepEqual(bench.failures, []);
});

test('a connection that nobody uses is closed, and made again when it is needed', async (t) => {
  const bench = new Bench();
  bench.send('a');
  await settle();
  for (let second = 0; second < 70; second += 1) {
    bench.timer.advance(1000);
    await settle();
  }
  t.true(bench.dialed[0]?.own.destroyed);
  bench.send('b');
  await settle();
  t.deepEqual(bench.received, ['one a', 'one b']);
  t.deepEqual(bench.failures, []);
});

test('who says nothing on a connection loses it', async (t) => {
  const bench = new Bench();
  const [, far] = duplexPair();
  bench.two.accept(ONE, far);
  bench.timer.advance(10_000);
  await settle();
  t.true(far.destroyed);
});

test('of many connections of one node the newest are kept', async (t) => {
  const bench = new Bench();
  const ends = Array.from({ length: 10 }, () => {
    const [, far] = duplexPair();
    bench.two.accept(ONE, far);
    return far;
  });
  await settle();
  t.deepEqual(
    ends.map((end) => end.destroyed),
    [true, true, true, true, true, true, false, false, false, false],
  );
});

test('a peer that asks and never reads is cut off', async (t) => {
  const bench = new Bench();
  const stuck = new Duplex({ read: () => {}, write: () => {}, writableHighWaterMark: 1 });
  bench.two.accept(ONE, stuck);
  for (let count = 0; count < 100_000 && !stuck.destroyed; count += 1) {
    stuck.emit('data', Buffer.alloc(4));
  }
  await settle();
  t.true(stuck.destroyed);
});

test('a node at another address is another connection', async (t) => {
  const bench = new Bench();
  bench.one.send(TWO, 'two:1', Buffer.from('a'));
  await settle();
  bench.one.send(TWO, 'two:2', Buffer.from('b'));
  await settle();
  t.deepEqual(
    bench.dialed.map(({ address, own }) => [address, own.destroyed]),
    [
      ['two:1', true],
      ['two:2', false],
    ],
  );
  t.deepEqual(bench.received, ['one a', 'one b']);
});

test('after the end nothing is sent, received or waited for', async (t) => {
  const bench = new Bench();
  bench.send('a');
  await settle();
  bench.one.close();
  bench.two.close();
  bench.send('b');
  const [, late] = duplexPair();
  bench.two.accept(ONE, late);
  await settle();
  t.true(late.destroyed);
  t.deepEqual(bench.received, ['one a']);
  t.is(bench.timer.pending, 0);
});

test('a connection that is ready only after the end is closed', async (t) => {
  const dialing = Promise.withResolvers<Duplex>();
  const bench = new Bench({ dial: () => dialing.promise });
  bench.send('a');
  bench.one.close();
  const [own] = duplexPair();
  dialing.resolve(own);
  await settle();
  t.true(own.destroyed);
});

test('what cannot be sent does not fill the memory', async (t) => {
  const bench = new Bench();
  bench.isAnswered = false;
  const packet = 'x'.repeat(MAX);
  bench.send(packet);
  await settle();
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 100_000; count += 1) bench.send(packet);
  await settle();
  collectGarbage();
  t.true(process.memoryUsage().arrayBuffers - before < 64_000_000);
});
