// The Timer of a real process.
import { performance } from 'node:perf_hooks';
import type { Timer } from './ports.ts';

/** Timers keep no process alive: a node that only waits has nothing to do. */
export const realTimer: Timer = {
  now: () => performance.now(),
  after: (delay, action) => {
    // All that came in with what is being handled now is handled before.
    if (delay <= 0) {
      const immediate = setImmediate(action);
      return () => clearImmediate(immediate);
    }
    const timeout = setTimeout(action, delay).unref();
    return () => clearTimeout(timeout);
  },
};
