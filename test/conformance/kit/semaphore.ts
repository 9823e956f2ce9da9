// Lets only so many tasks run at once.

export type Limited = <Value>(task: () => Promise<Value>) => Promise<Value>;

/** A function that runs tasks in the order they come, at most `limit` at once. */
export function limitTo(limit: number): Limited {
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (task) => {
    if (free > 0) free -= 1;
    else {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
