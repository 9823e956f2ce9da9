// What the stanza `storage "raft" { }` sets, and what follows from it for Raft: times, sizes, how much log is kept.
import { randomInt } from 'node:crypto';
import type { CompactionSettings } from '#raft/driver/compaction.ts';
import type { WalSettings } from '#raft/driver/wal-open.ts';
import type { NodeId, Settings } from '#raft/types.ts';
import { MAX_ENTRY_BYTES } from './entry.ts';

export interface RaftSettings {
  readonly path: string;
  /** '' for one that is drawn when the folder is first used. */
  readonly node_id: string;
  readonly performance_multiplier: number;
  /** How many entries stay in the log behind a snapshot, so that a follower that was away needs no snapshot. */
  readonly trailing_logs: number;
  /** After how many entries the log is cut. */
  readonly snapshot_threshold: number;
  /** After how many seconds the log is cut, if anything has changed. */
  readonly snapshot_interval: number;
  /** How many bytes one value may have. */
  readonly max_entry_size: number;
  /** How many bytes all that a request writes may have. */
  readonly max_transaction_size: number;
}

const DEFAULTS: Omit<RaftSettings, 'path'> = {
  node_id: '',
  performance_multiplier: 5,
  trailing_logs: 10_000,
  snapshot_threshold: 8_192,
  snapshot_interval: 120,
  max_entry_size: 1_048_576,
  max_transaction_size: 8_388_608,
};

/** Vault's own limit. A leader that is gone is missed for up to 8 seconds then. */
const MAX_MULTIPLIER = 10;

/** What a tick is at a multiplier of 1: heartbeats each 100 ms, elections after 400 to 800 ms. */
const TICK_MS = 50;
const ELECTION_TICKS = 8;
const HEARTBEAT_TICKS = 2;

/** One append, and so one packet, holds about this much unless a single entry is larger: it takes 8 ms at 1 Gbit/s. */
const MAX_APPEND_BYTES = 1024 * 1024;

/** Enough to keep a follower 50 ms away busy with appends of ordinary size. */
const MAX_INFLIGHT_APPENDS = 256;

/** What a follower that reads nothing can make its leader keep in buffers: two of the largest entries that are usual. */
const MAX_INFLIGHT_BYTES = 16 * 1024 * 1024;

/** What waits for a majority is kept in memory. */
const MAX_UNCOMMITTED_BYTES = 64 * 1024 * 1024;

/** @throws Error for a value that cannot be meant */
export function readRaftSettings(stanza: Readonly<Record<string, unknown>>): RaftSettings {
  const { path } = stanza;
  if (typeof path !== 'string' || path === '') throw new Error("'path' must be set");
  const settings: RaftSettings = {
    path,
    node_id: typeof stanza['node_id'] === 'string' ? stanza['node_id'] : DEFAULTS.node_id,
    performance_multiplier: within(stanza, 'performance_multiplier', 0, MAX_MULTIPLIER),
    trailing_logs: within(stanza, 'trailing_logs', 0, MAX_COUNT),
    snapshot_threshold: within(stanza, 'snapshot_threshold', 1, MAX_COUNT),
    snapshot_interval: within(stanza, 'snapshot_interval', 0, MAX_COUNT),
    max_entry_size: within(stanza, 'max_entry_size', 1, MAX_ENTRY_BYTES / 2),
    max_transaction_size: within(stanza, 'max_transaction_size', 1, MAX_ENTRY_BYTES / 2),
  };
  return settings;
}

/** What a number of entries or seconds may be without being a mistake. */
const MAX_COUNT = 1e9;

type NumberName = Exclude<keyof RaftSettings, 'path' | 'node_id'>;

function within(
  stanza: Readonly<Record<string, unknown>>,
  name: NumberName,
  least: number,
  most: number,
): number {
  const value = stanza[name] ?? DEFAULTS[name];
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new Error(`${name} must be a number from ${least} to ${most}`);
}

/** Milliseconds. Vault takes 0 for its default. */
export function tickOf({ performance_multiplier }: RaftSettings): number {
  return TICK_MS * (performance_multiplier || DEFAULTS.performance_multiplier);
}

export function coreSettings(id: NodeId): Settings {
  return {
    id,
    electionTicks: ELECTION_TICKS,
    heartbeatTicks: HEARTBEAT_TICKS,
    maxAppendBytes: MAX_APPEND_BYTES,
    maxInflightAppends: MAX_INFLIGHT_APPENDS,
    maxInflightBytes: MAX_INFLIGHT_BYTES,
    maxUncommittedBytes: MAX_UNCOMMITTED_BYTES,
    seed: randomInt(2 ** 32),
  };
}

export function compactionOf(settings: RaftSettings): CompactionSettings {
  return {
    trailingLogs: settings.trailing_logs,
    snapshotThreshold: settings.snapshot_threshold,
    snapshotInterval: settings.snapshot_interval * 1000,
  };
}

/** A segment of the log holds an entry of the largest size twice; below this it would not be worth its file. */
const MIN_SEGMENT_BYTES = 16 * 1024 * 1024;
const SEGMENT_STEP_BYTES = 4 * 1024 * 1024;
/** What an entry has beside its data. */
const ENTRY_OVERHEAD_BYTES = 64 * 1024;

export function walOf({ max_transaction_size: transactionBytes }: RaftSettings): WalSettings {
  const least = 2 * (transactionBytes + ENTRY_OVERHEAD_BYTES);
  const steps = Math.ceil(least / SEGMENT_STEP_BYTES);
  return { segmentBytes: Math.max(MIN_SEGMENT_BYTES, steps * SEGMENT_STEP_BYTES) };
}

/** A change of the cluster that a majority has not taken after this long is given up, in milliseconds. */
export const CHANGE_PATIENCE_MS = 30_000;
