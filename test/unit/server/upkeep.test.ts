// What a node does by itself: it counts encryptions, and rotates a key that is due.
import test from 'ava';
import { LogLevel, makeLog } from '#server/log.ts';
import { ROTATION_KEY, type RotationRecord } from '#server/rotation.ts';
import { Upkeep } from '#server/upkeep.ts';
import { Barrier } from '#storage/barrier/barrier.ts';
import { openMemory } from '#storage/memory.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

const INTERVAL = 5 * 60 * 1000;

async function begin(rotation: Partial<RotationRecord> = {}) {
  const clock = new TimerClock();
  const physical = openMemory();
  const barrier = new Barrier(physical, clock);
  const rootKey = Buffer.alloc(32, 7);
  await barrier.initialise(rootKey);
  barrier.unseal(rootKey);
  const transaction = barrier.begin();
  const record = { enabled: true, max_operations: 1_000_000, interval: 0, ...rotation };
  transaction.put(ROTATION_KEY, record);
  await transaction.commit();
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const log = makeLog({ level: new LogLevel('trace'), format: 'standard', clock, write });
  const upkeep = new Upkeep({ clock, log, barrier });
  upkeep.start();
  return { clock, barrier, physical, rootKey, upkeep, lines };
}

test('a key that is old enough is rotated at the next check', async (t) => {
  const { clock, barrier, upkeep, lines } = await begin({ interval: 24 * 3600 });
  clock.advance(INTERVAL);
  t.is(barrier.keyInformation().term, 1);
  clock.advance(24 * 3600 * 1000);
  await upkeep.stop();
  t.is(barrier.keyInformation().term, 2);
  t.true(lines.some((line) => line.includes('rotated: term=2')));
});

test('rotation that is switched off does not happen', async (t) => {
  const { clock, barrier, upkeep } = await begin({ enabled: false, interval: 24 * 3600 });
  clock.advance(48 * 3600 * 1000);
  await upkeep.stop();
  t.is(barrier.keyInformation().term, 1);
});

test('the count of encryptions survives a seal', async (t) => {
  const { clock, barrier, physical, rootKey, upkeep } = await begin();
  await upkeep.stop();
  const { encryptions } = barrier.keyInformation();
  t.true(encryptions > 0);
  const again = new Barrier(physical, clock);
  again.unseal(rootKey);
  t.is(again.keyInformation().encryptions, encryptions);
});

test('nothing goes on after it was stopped', async (t) => {
  const { clock, upkeep } = await begin();
  await upkeep.stop();
  t.is(clock.pending, 0);
});
