import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { openWal } from '#raft/driver/wal-open.ts';
import { seededRandom } from '#test/helpers/random.ts';
import {
  isOneOf,
  live,
  liveUntil,
  logOf,
  noop,
  range,
  SETTINGS,
  vote,
  type End,
  type Log,
} from './wal-workload.ts';

/** Whether the log is one that it may be, and goes on. */
async function isRight({ device, done, underWay }: End): Promise<boolean> {
  const opened = await openWal(device.mount(), SETTINGS);
  const log = logOf(opened);
  if (!isOneOf(log, done, underWay)) return false;
  const next = noop((log.entries.at(-1)?.index ?? log.start.index) + 1, 9);
  await opened.wal.append(vote(9, 'z', 0), [next]);
  device.crash();
  const again = logOf(await openWal(device.mount(), SETTINGS));
  const expected: Log = {
    ...log,
    hardState: vote(9, 'z', log.start.index),
    entries: [...log.entries, next],
  };
  return isDeepStrictEqual(again, expected);
}

const SEEDS = range(1, 6);

test('after a crash at any call, the log holds what was acknowledged and nothing that was not asked for', async (t) => {
  for (let stopAt = 1; ; stopAt++) {
    let isFinished = false;
    for (const seed of SEEDS) {
      const end = await liveUntil(stopAt, seededRandom(seed), live);
      end.device.crash();
      t.true(await isRight(end), `call ${stopAt}, seed ${seed}`);
      isFinished = end.isFinished;
    }
    if (isFinished) break;
  }
});

test('a crash while the log is opened after a crash changes nothing', async (t) => {
  for (let stopAt = 1; ; stopAt += 3) {
    const end = await liveUntil(stopAt, seededRandom(stopAt), live);
    end.device.crash();
    for (let second = 1; second < 40; second++) {
      const device = end.device.copy(seededRandom(second));
      let calls = 0;
      device.settings.fault = () => {
        calls += 1;
        if (calls === second) device.crash();
        return undefined;
      };
      await Promise.race([openWal(device.mount(), SETTINGS), setImmediate()]);
      device.settings.fault = () => undefined;
      device.crash();
      t.true(await isRight({ ...end, device }), `calls ${stopAt} and ${second}`);
    }
    if (end.isFinished) break;
  }
});
