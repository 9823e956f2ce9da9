// The tail of the log that is kept in memory: entries, their terms, and the configurations among them.
import { invariant } from './invariant.ts';
import { plus } from './numbers.ts';
import type { Configuration, Entry, Index, SnapshotMeta, Term } from './types.ts';

interface Placed {
  readonly index: Index;
  readonly configuration: Configuration;
}

export interface Log {
  /** The place before the first entry: everything up to there is in the state machine only. */
  start: { readonly index: Index; readonly term: Term };
  /** Without a gap; the first is the one after `start`. */
  entries: Entry[];
  /** The one as of `start`, then those of the entries. The last is in force. */
  configurations: Placed[];
}

/** What an entry takes beside its data, about, in memory and on the wire. */
const ENTRY_OVERHEAD = 32;
const SERVER_SIZE = 96;

export function newLog(start: SnapshotMeta, entries: readonly Entry[]): Log {
  const log: Log = {
    start: { index: start.index, term: start.term },
    entries: [],
    configurations: [{ index: start.configurationIndex, configuration: start.configuration }],
  };
  for (const entry of entries) append(log, entry);
  return log;
}

export function lastIndex(log: Log): Index {
  return plus(log.start.index, log.entries.length);
}

export function lastTerm(log: Log): Term {
  return log.entries.at(-1)?.term ?? log.start.term;
}

/** `undefined` for what is not in memory any more, or not there yet. */
export function termAt(log: Log, index: Index): Term | undefined {
  if (index === log.start.index) return log.start.term;
  return log.entries[index - log.start.index - 1]?.term;
}

export function append(log: Log, entry: Entry): void {
  invariant(entry.index === lastIndex(log) + 1, 'entries are appended without a gap');
  invariant(entry.term >= lastTerm(log), 'terms never fall in a log');
  log.entries.push(entry);
  if (entry.type === 'configuration') {
    log.configurations.push({ index: entry.index, configuration: entry.configuration });
  }
}

/** Drops the entry at `from` and all behind it; a configuration among them is not in force any more. */
export function truncate(log: Log, from: Index): void {
  invariant(from > log.start.index, 'what the state machine holds is never truncated');
  log.entries.length = Math.min(log.entries.length, from - log.start.index - 1);
  while (inForce(log).index >= from && log.configurations.length > 1) log.configurations.pop();
}

/** Forgets the entries up to `through`, which is in the log. */
export function forget(log: Log, through: Index): void {
  const term = termAt(log, through);
  invariant(term !== undefined, 'the log holds the entry that it is cut behind');
  log.entries.splice(0, through - log.start.index);
  log.start = { index: through, term };
  while ((log.configurations[1]?.index ?? Infinity) <= through) log.configurations.shift();
}

/** Entries from one index through another, both in the log. */
export function between(log: Log, from: Index, through: Index): readonly Entry[] {
  return log.entries.slice(from - log.start.index - 1, through - log.start.index);
}

/** Entries from an index on, at least one if there is one, not more than fit. */
export function batchFrom(log: Log, from: Index, maxBytes: number): readonly Entry[] {
  const first = from - log.start.index - 1;
  let end = first;
  for (let bytes = 0; end < log.entries.length; end += 1) {
    bytes += sizeOf(log.entries[end]);
    if (bytes > maxBytes && end > first) break;
  }
  return log.entries.slice(first, end);
}

/** The greatest index up to `limit` whose term is not above `term`; below that every log with that term may agree. */
export function lastWithin(log: Log, limit: Index, term: Term): Index {
  let low: number = log.start.index;
  let high: number = Math.min(limit, lastIndex(log));
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const found = log.entries[middle - log.start.index - 1]?.term ?? log.start.term;
    if (found <= term) low = middle;
    else high = middle - 1;
  }
  return plus(log.start.index, low - log.start.index);
}

export function inForce(log: Log): Placed {
  const last = log.configurations.at(-1);
  invariant(last !== undefined, 'a log has a configuration');
  return last;
}

/** About how many bytes an entry takes. */
export function sizeOf(entry: Entry | undefined): number {
  if (entry?.type === 'data') return entry.data.length + ENTRY_OVERHEAD;
  if (entry?.type !== 'configuration') return ENTRY_OVERHEAD;
  return entry.configuration.length * SERVER_SIZE + ENTRY_OVERHEAD;
}
