import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { openWal } from '#raft/driver/wal-open.ts';
import { seededRandom } from '#test/helpers/random.ts';
import type { VirtualDisk } from '#test/simulation/disk.ts';
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
  if (!(await isVoteKeptTwice(device, log))) return false;
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

/** Term and vote are in the log too, should the state beside it be lost. */
async function isVoteKeptTwice(device: VirtualDisk, { hardState }: Log): Promise<boolean> {
  const copy = device.copy(seededRandom(1));
  copy.crash();
  copy.lose('state');
  const found = await openWal(copy.mount(), SETTINGS);
  return isDeepStrictEqual({ ...found.hardState, commit: 0 }, { ...hardState, commit: 0 });
}

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

test('what a process that was killed at any call left in memory is durable once it is found', async (t) => {
  for (let stopAt = 1; ; stopAt++) {
    const end = await liveUntil(stopAt, seededRandom(stopAt), live);
    end.device.kill();
    t.true(await isRight(end), `call ${stopAt}`);
    if (end.isFinished) break;
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
