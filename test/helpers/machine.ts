// Entries for a state machine, in a word each.
import { encodeEntry, type EntryData } from '#storage/entry.ts';
import type { MachineMedia } from '#storage/machine-medium.ts';
import type { Index } from '#storage/physical.ts';
import { openMachine, type Machine } from '#storage/state-machine.ts';
import type { Configuration, Entry, NodeId, Term } from '#raft/types.ts';
import { TimerClock } from './timer-clock.ts';

export const TERM = 1 as Term;

type Wish = Readonly<Record<string, string | undefined>>;

export function data(index: number, wish: Wish): Entry {
  const writes = Object.entries(wish).map(
    ([key, value]) => [key, value === undefined ? undefined : Buffer.from(value)] as const,
  );
  return step(index, { type: 'writes', writes: new Map(writes) });
}

export function step(index: number, entry: EntryData): Entry {
  return { type: 'data', index: index as Index, term: TERM, data: encodeEntry(entry) };
}

export function noop(index: number, term: number = TERM): Entry {
  return { type: 'noop', index: index as Index, term: term as Term };
}

export function configuration(
  index: number,
  ids: readonly string[],
): Entry & { readonly configuration: Configuration } {
  const servers = ids.map((id) => ({
    id: id as NodeId,
    address: `${id}:8201`,
    suffrage: 'voter' as const,
  }));
  return { type: 'configuration', index: index as Index, term: TERM, configuration: servers };
}

/** A state machine whose time stands still, so that nothing is written unless it has to be. */
export function open(media: MachineMedia, timer = new TimerClock()): Promise<Machine> {
  return openMachine({ media, timer, onFailure: () => undefined });
}

export function text(machine: Machine, key: string): string | undefined {
  const value = machine.get(key);
  return value && Buffer.from(value).toString();
}
