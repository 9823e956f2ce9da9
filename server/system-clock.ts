// The clock of a running server.
import { millis, type Clock } from '#sdk/clock.ts';

/** setTimeout counts milliseconds in 31 bits; a longer wait is taken in steps. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => millis(Date.now()),
  after(delay, action) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const step = Math.min(left, TIMER_MAX_MS);
      timer = setTimeout(() => (left > step ? wait(left - step) : action()), step);
      timer.unref();
    };
    wait(Math.max(0, delay));
    return () => clearTimeout(timer);
  },
};
