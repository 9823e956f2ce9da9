import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { LineQueue } from '#server/audit/devices/queue.ts';
import type { Sink } from '#server/audit/devices/sink.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

/** A sink that ends each write when the test says so. */
class HeldSink implements Sink {
  readonly takesOneLine: boolean;
  readonly texts: string[] = [];
  readonly calls: PromiseWithResolvers<void>[] = [];
  isClosed = false;
  givenUp = 0;

  constructor({ takesOneLine = false } = {}) {
    this.takesOneLine = takesOneLine;
  }

  write(text: string): Promise<void> {
    this.texts.push(text);
    const call = Promise.withResolvers<void>();
    this.calls.push(call);
    return call.promise;
  }

  giveUp(): void {
    this.givenUp += 1;
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

const LIMIT = millis(2000);
const REST_MS = 5000;

function make(sink = new HeldSink()) {
  const clock = new TimerClock();
  return { sink, clock, queue: new LineQueue(sink, LIMIT, clock) };
}

/** The turns of the loop in which a queue starts and continues. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

test('lines of one turn go out in one write, in order', async (t) => {
  const { sink, queue } = make();
  const written = [queue.write('a\n'), queue.write('b\n'), queue.write('c\n')];
  await settle();
  t.deepEqual(sink.texts, ['a\nb\nc\n']);
  sink.calls[0]?.resolve();
  await Promise.all(written);
});

test('lines that come during a write wait for its end and go together', async (t) => {
  const { sink, queue } = make();
  const first = queue.write('a\n');
  await settle();
  const later = [queue.write('b\n'), queue.write('c\n')];
  await settle();
  t.deepEqual(sink.texts, ['a\n']);
  sink.calls[0]?.resolve();
  await first;
  await settle();
  t.deepEqual(sink.texts, ['a\n', 'b\nc\n']);
  sink.calls[1]?.resolve();
  await Promise.all(later);
});

test('a line is not written before its write has ended', async (t) => {
  const { sink, queue } = make();
  let isWritten = false;
  const written = queue.write('a\n').then(() => (isWritten = true));
  await settle();
  t.false(isWritten);
  sink.calls[0]?.resolve();
  await written;
  t.true(isWritten);
});

test('a sink of datagrams gets each line alone', async (t) => {
  const { sink, queue } = make(new HeldSink({ takesOneLine: true }));
  const written = [queue.write('a\n'), queue.write('b\n')];
  await settle();
  sink.calls[0]?.reject(new Error('too long'));
  await settle();
  sink.calls[1]?.resolve();
  const results = await Promise.allSettled(written);
  t.deepEqual(sink.texts, ['a\n', 'b\n']);
  t.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  );
});

test('a failed write fails its lines and no later one', async (t) => {
  const { sink, queue } = make();
  const failed = queue.write('a\n');
  await settle();
  sink.calls[0]?.reject(new Error('no space left'));
  await t.throwsAsync(failed, { message: 'no space left' });
  const next = queue.write('b\n');
  await settle();
  sink.calls[1]?.resolve();
  await t.notThrowsAsync(next);
});

test('a write that hangs is given up, with all that waits, and nothing queues behind it', async (t) => {
  const { sink, clock, queue } = make();
  const hanging = queue.write('a\n');
  await settle();
  const waiting = queue.write('b\n');
  clock.advance(1999);
  t.is(sink.givenUp, 0);
  clock.advance(1);
  await t.throwsAsync(hanging, { message: 'the write took too long' });
  await t.throwsAsync(waiting, { message: 'the write took too long' });
  t.is(sink.givenUp, 1);
  await t.throwsAsync(queue.write('c\n'), { message: 'an earlier write has not ended' });
  t.deepEqual(sink.texts, ['a\n']);
});

test('a device whose write ends late after all goes on at once', async (t) => {
  const { sink, clock, queue } = make();
  const late = queue.write('a\n');
  await settle();
  clock.advance(LIMIT);
  await t.throwsAsync(late);
  sink.calls[0]?.resolve();
  await settle();
  const next = queue.write('b\n');
  await settle();
  sink.calls[1]?.resolve();
  await t.notThrowsAsync(next);
});

test('a device that was given up and failed rests, then is tried again', async (t) => {
  const { sink, clock, queue } = make();
  const late = queue.write('a\n');
  await settle();
  clock.advance(LIMIT);
  await t.throwsAsync(late);
  sink.calls[0]?.reject(new Error('given up'));
  await settle();
  await t.throwsAsync(queue.write('b\n'), { message: 'an earlier write took too long' });
  clock.advance(REST_MS);
  const next = queue.write('c\n');
  await settle();
  sink.calls[1]?.resolve();
  await t.notThrowsAsync(next);
  t.deepEqual(sink.texts, ['a\n', 'c\n']);
});

test('what waits is bounded', async (t) => {
  const { queue } = make();
  const big = 'x'.repeat(40 << 20);
  const accepted = [queue.write(big), queue.write(big)];
  await t.throwsAsync(queue.write('y\n'), { message: 'too much waits to be written' });
  t.is(accepted.length, 2);
});

test('a write takes no more than a megabyte of small lines', async (t) => {
  const { sink, queue } = make();
  const written = Array.from({ length: 3 }, () => queue.write('x'.repeat(400_000)));
  await settle();
  t.deepEqual(
    sink.texts.map((text) => text.length),
    [800_000],
  );
  for (const _ of written) {
    sink.calls.at(-1)?.resolve();
    await settle();
  }
  await Promise.all(written);
  t.is(sink.texts.length, 2);
});

test('closing waits for what was taken and refuses the rest', async (t) => {
  const { sink, queue } = make();
  const written = queue.write('a\n');
  const closing = queue.close();
  await t.throwsAsync(queue.write('b\n'), { message: 'the device is closed' });
  await settle();
  t.false(sink.isClosed);
  sink.calls[0]?.resolve();
  await Promise.all([written, closing]);
  t.true(sink.isClosed);
});

test('closing does not wait for a write that hangs', async (t) => {
  const { clock, queue } = make();
  const hanging = queue.write('a\n');
  await settle();
  const closing = queue.close();
  clock.advance(LIMIT);
  await t.throwsAsync(hanging);
  await t.notThrowsAsync(closing);
});

test('no timer is left behind', async (t) => {
  const { sink, clock, queue } = make();
  const written = queue.write('a\n');
  await settle();
  sink.calls[0]?.resolve();
  await written;
  await settle();
  t.is(clock.pending, 0);
});
