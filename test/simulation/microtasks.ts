// Lets all promises that can go on do so, at once and in V8's own order. A simulated world runs in one go: nothing in it
// waits for the real event loop, and so nothing in it depends on that.
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--allow-natives-syntax');
// The syntax is V8's own and is not known to anything that parses this file.
// oxlint-disable-next-line no-implied-eval, no-new-func
export const drainMicrotasks = new Function('%PerformMicrotaskCheckpoint()') as () => void;

/** Does `work` where `drainMicrotasks` works: not from within a promise. */
export function outsideOfPromises<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        assertDrains();
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function assertDrains(): void {
  let isDone = false;
  void Promise.resolve().then(() => (isDone = true));
  drainMicrotasks();
  if (!isDone) throw new Error('promises do not go on when they are told to');
}
