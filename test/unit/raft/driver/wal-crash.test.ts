import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { openWal } from '#raft/driver/wal-open.ts';
import { seededRandom } from '#test/helpers/random.ts';
import {
  change,
  data,
  EMPTY,
  isOneOf,
  liveUntil,
  logOf,
  noop,
  script,
  servers,
  SETTINGS,
  vote,
  type End,
  type Log,
  type Step,
} from './wal-workload.ts';
import type { Index, SnapshotMeta, Term } from '#raft/types.ts';
import type { Disk } from '#raft/driver/ports.ts';

const meta = (index: number, term: number, at: number, ...ids: string[]): SnapshotMeta => ({
  index: index as Index,
  term: term as Term,
  configuration: servers(...ids),
  configurationIndex: at as Index,
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Every kind of work, over several segments. */
const STEPS = script((life) => {
  life.append([vote(1, 'a', 0), [change(1, 1, 'a'), noop(2, 1)]]);
  life.append([undefined, [data(3, 1)]], [undefined, [data(4, 1), data(5, 1)]]);
  life.append([vote(1, 'a', 5), range(6, 20).map((index) => data(index, 1))]);
  life.append([vote(2, 'b', 5), []]);
  life.append([vote(2, 'b', 10), [noop(15, 2), change(16, 2, 'a', 'b'), data(17, 2)]]);
  life.compact(10, meta(10, 1, 1, 'a'));
  life.append([undefined, [data(18, 2, 1500)]], [vote(3, undefined, 18), [data(19, 2, 3000)]]);
  life.append([undefined, range(20, 45).map((index) => data(index, 3, 500))]);
  life.compact(40, meta(40, 3, 16, 'a', 'b'));
  life.append([vote(4, 'a', 45), [noop(46, 4)]]);
  life.reset(meta(90, 4, 60, 'a', 'b', 'c'));
  life.append([vote(5, 'c', 90), range(91, 100).map((index) => data(index, 5))]);
  life.compact(95, meta(95, 5, 60, 'a', 'b', 'c'));
});

async function live(
  disk: Disk,
  report: (done: Log, underWay: readonly Log[]) => void,
  steps: readonly Step[] = STEPS,
): Promise<void> {
  const { wal } = await openWal(disk, SETTINGS);
  let done = EMPTY;
  for (const { act, through } of steps) {
    report(done, through);
    await act(wal);
    done = through.at(-1) ?? done;
    report(done, []);
  }
  await wal.close();
}

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
