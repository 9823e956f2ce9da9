// Lines on their way to a sink: in order, many in one write, none waiting longer than the device may take.
// Requests that arrive together are on record together; a write that hangs holds up nothing but its own device.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import type { Sink } from './sink.ts';

/** One write takes at most this much: enough to be efficient, little enough to be done long before its time is up. */
const MAX_BATCH_LENGTH = 1 << 20;

/** What may wait for a slow device. 32 MiB is the largest body of a request, which both of its entries may repeat. */
const MAX_WAITING_LENGTH = 80 << 20;

/** A device that was given up is left alone for a while, so that requests fail at once and not after a wait each. */
const REST = millis(5_000);

interface Batch {
  text: string;
  readonly done: PromiseWithResolvers<void>;
}

export class LineQueue {
  readonly #sink: Sink;
  readonly #limit: Millis;
  readonly #clock: Clock;
  readonly #waiting: Batch[] = [];
  #waitingLength = 0;
  #isRunning = false;
  /** Settles with the last line that was taken. */
  #last: Promise<void> | undefined;
  #isStuck = false;
  #isClosed = false;
  #restsUntil = millis(0);

  /** @param limit how long one write may take */
  constructor(sink: Sink, limit: Millis, clock: Clock) {
    this.#sink = sink;
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Resolves once the line has been written; lines that are written together share the promise. */
  write(line: string): Promise<void> {
    const refusal = this.#refusal(line);
    if (refusal !== undefined) return Promise.reject(new Error(refusal));
    const batch = this.#batchFor(line);
    batch.text += line;
    this.#waitingLength += line.length;
    this.#last = batch.done.promise;
    if (!this.#isRunning) void this.#run();
    return batch.done.promise;
  }

  /** Lets what waits be written, as far as the device allows, and lets go of the sink. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([this.#last]);
    const closing = this.#sink.close().catch(() => undefined);
    // A write that hangs would hold up whoever closes.
    if (!this.#isStuck) await closing;
  }

  #refusal(line: string): string | undefined {
    if (this.#isClosed) return 'the device is closed';
    if (this.#isStuck) return 'an earlier write has not ended';
    if (this.#clock.now() < this.#restsUntil) return 'an earlier write took too long';
    const isFull = this.#waitingLength + line.length > MAX_WAITING_LENGTH;
    return isFull ? 'too much waits to be written' : undefined;
  }

  #batchFor(line: string): Batch {
    const last = this.#waiting.at(-1);
    const hasRoom =
      last !== undefined &&
      !this.#sink.takesOneLine &&
      last.text.length + line.length <= MAX_BATCH_LENGTH;
    if (hasRoom) return last;
    const batch = { text: '', done: Promise.withResolvers<void>() };
    this.#waiting.push(batch);
    return batch;
  }

  /** Writes until nothing waits, once in each turn of the loop: what comes in one turn goes together. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      await new Promise(setImmediate);
      const batch = this.#waiting.shift();
      if (batch === undefined) break;
      this.#waitingLength -= batch.text.length;
      await this.#put(batch);
    }
    this.#isRunning = false;
  }

  /** Ends when the write has ended, however long after its limit, so that no two overlap. */
  async #put({ text, done }: Batch): Promise<void> {
    const cancel = this.#clock.after(this.#limit, () => {
      this.#isStuck = true;
      this.#failAll(new Error('the write took too long'), done);
      this.#sink.giveUp();
    });
    try {
      await this.#sink.write(text);
      done.resolve();
    } catch (error) {
      done.reject(error);
      if (this.#isStuck) this.#restsUntil = millis(this.#clock.now() + REST);
    }
    cancel();
    this.#isStuck = false;
  }

  #failAll(error: Error, ...first: readonly PromiseWithResolvers<void>[]): void {
    const rest = this.#waiting.splice(0).map((batch) => batch.done);
    this.#waitingLength = 0;
    for (const done of [...first, ...rest]) done.reject(error);
  }
}
