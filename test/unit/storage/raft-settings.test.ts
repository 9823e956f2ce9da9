import test from 'ava';
import type { NodeId } from '#raft/types.ts';
import {
  compactionOf,
  coreSettings,
  readRaftSettings,
  tickOf,
  walOf,
} from '#storage/raft-settings.ts';

const read = (stanza: object = {}) => readRaftSettings({ path: '/data', ...stanza });

test('what the stanza does not say is as Vault has it', (t) => {
  t.deepEqual(read(), {
    path: '/data',
    node_id: '',
    performance_multiplier: 5,
    trailing_logs: 10_000,
    snapshot_threshold: 8_192,
    snapshot_interval: 120,
    max_entry_size: 1_048_576,
    max_transaction_size: 8_388_608,
  });
});

test('a lower multiplier misses a leader sooner, and 0 is the default', (t) => {
  const elections = [0, 1, 5, 10].map((performance_multiplier) => {
    const settings = read({ performance_multiplier });
    return tickOf(settings) * coreSettings('a' as NodeId).electionTicks;
  });
  t.deepEqual(elections, [2000, 400, 2000, 4000]);
});

test('every start of a node has a seed of its own', (t) => {
  const seeds = Array.from({ length: 8 }, () => coreSettings('a' as NodeId).seed);
  t.is(new Set(seeds).size, 8);
});

test('what is kept of the log is as the stanza says', (t) => {
  const settings = read({ trailing_logs: 7, snapshot_threshold: 8, snapshot_interval: 0.5 });
  t.deepEqual(compactionOf(settings), {
    trailingLogs: 7,
    snapshotThreshold: 8,
    snapshotInterval: 500,
  });
});

test('a segment of the log holds the largest entry twice', (t) => {
  for (const max_transaction_size of [1, 8_388_608, 33_554_432]) {
    t.true(walOf(read({ max_transaction_size })).segmentBytes > 2 * max_transaction_size);
  }
  t.is(walOf(read({ max_transaction_size: 1 })).segmentBytes, 16 * 1024 * 1024);
});

const REFUSED: readonly (readonly [object, string])[] = [
  [{ path: '' }, "'path' must be set"],
  [{ path: undefined }, "'path' must be set"],
  [{ performance_multiplier: 11 }, 'performance_multiplier must be a number from 0 to 10'],
  [{ performance_multiplier: -1 }, 'performance_multiplier must be a number from 0 to 10'],
  [{ snapshot_threshold: 0 }, 'snapshot_threshold must be a number from 1 to 1000000000'],
  [{ trailing_logs: Number.NaN }, 'trailing_logs must be a number from 0 to 1000000000'],
  [{ max_entry_size: 0 }, 'max_entry_size must be a number from 1 to 33554432'],
  [{ max_transaction_size: 2 ** 26 }, 'max_transaction_size must be a number from 1 to 33554432'],
  [{ snapshot_interval: '120s' }, 'snapshot_interval must be a number from 0 to 1000000000'],
];

for (const [stanza, message] of REFUSED) {
  test(`${JSON.stringify(stanza)} is refused: ${message}`, (t) => {
    t.throws(() => read(stanza), { message });
  });
}
