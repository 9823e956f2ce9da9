// Entries for a state machine, in a word each.
import { encodeEntry, type EntryData } from '#storage/entry.ts';
import type { MachineMedia } from '#storage/machine-medium.ts';
import type { Index } from '#storage/physical.ts';
import { openMachine, type Machine } from '#storage/state-machine.ts';
import type { Configuration, Entry, NodeId, Term } from '#raft/types.ts';
import type { Snapshot, Timer } from '#raft/driver/ports.ts';

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

/** Time stands still, so that nothing is written unless it has to be. Whoever only lets others go first is not held up. */
export class StillTimer implements Timer {
  readonly #held = new Set<() => void>();

  now(): number {
    return 0;
  }

  after(delay: number, action: () => void): () => void {
    if (delay === 0) {
      const turn = setImmediate(action);
      return () => clearImmediate(turn);
    }
    this.#held.add(action);
    return () => this.#held.delete(action);
  }

  /** All that was to happen at some time happens now. */
  fire(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const action of held) action();
  }
}

export function open(media: MachineMedia, timer: Timer = new StillTimer()): Promise<Machine> {
  return openMachine({ media, timer, onFailure: () => undefined });
}

/** All that a state machine shows, by key. */
export function contents(machine: Machine): Readonly<Record<string, string>> {
  const found = keysOf(machine, '').map((key) => [key, text(machine, key) ?? ''] as const);
  return Object.fromEntries(found);
}

function keysOf(machine: Machine, prefix: string): readonly string[] {
  return machine.list(prefix).flatMap((name) => {
    const path = prefix + name;
    return name.endsWith('/') ? keysOf(machine, path) : [path];
  });
}

/** A snapshot that was read to its end and let go, as it is carried to another node. */
export async function carried(snapshot: Snapshot): Promise<Pick<Snapshot, 'meta' | 'chunks'>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of snapshot.chunks()) pieces.push(piece);
  snapshot.release();
  return { meta: snapshot.meta, chunks: () => stream(pieces) };
}

export async function* stream(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

export function text(machine: Machine, key: string): string | undefined {
  const value = machine.get(key);
  return value && Buffer.from(value).toString();
}
