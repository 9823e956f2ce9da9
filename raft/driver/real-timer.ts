// The Timer of a real process.
import { performance } from 'node:perf_hooks';
import type { Timer } from './ports.ts';

/** What waits for a timer keeps the process alive: a node that hands over is not done before somebody has taken it. */
export const realTimer: Timer = {
  now: () => performance.now(),
  after: (delay, action) => {
    // All that came in with what is being handled now is handled before.
    if (delay <= 0) {
      const immediate = setImmediate(action);
      return () => clearImmediate(immediate);
    }
    const timeout = setTimeout(action, delay);
    return () => clearTimeout(timeout);
  },
};
