// Damage done to a copy of a store on disk, and what becomes of it: it has to be found, or to do no harm.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openLevel } from '#storage/level.ts';
import { DamagedError, type Physical } from '#storage/physical.ts';

export type Contents = ReadonlyMap<string, string>;

/** What happened: found when it was opened or read, or nothing was missing. `wrong` is what must never happen. */
export interface Outcome {
  readonly result: 'found' | 'harmless' | 'wrong';
  readonly detail: string;
}

export type Damage =
  | { readonly file: string; readonly flip: number }
  | { readonly file: string; readonly truncate: number }
  | { readonly file: string; readonly remove: true };

/** Does damage to a copy of the store in `folder`, opens the copy and reads all that should be in it. */
export async function tryDamage(
  folder: string,
  expected: Contents,
  damage: Damage,
): Promise<Outcome> {
  const copy = `${folder}-damaged`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(folder, copy, { recursive: true });
  inflict(copy, damage);
  let store: Physical | undefined;
  try {
    store = await openLevel(copy);
    return compare(store, expected);
  } catch (error) {
    return judge(error, copy);
  } finally {
    await store?.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

/** `count` flipped bytes, spread evenly over all files of a store: larger files get more, each gets some. */
export function spreadFlips(folder: string, count: number): Damage[] {
  const files = readdirSync(folder).map((file) => ({
    file,
    size: statSync(join(folder, file)).size,
  }));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  return files.flatMap(({ file, size }) => {
    const share = Math.min(size, Math.max(8, Math.round((count * size) / total)));
    return Array.from({ length: share }, (_, at) => ({
      file,
      flip: Math.floor((at * size) / share),
    }));
  });
}

/** Each file cut short at some lengths, and taken away. */
export function spreadCuts(folder: string, perFile: number): Damage[] {
  return readdirSync(folder).flatMap((file): Damage[] => {
    const { size } = statSync(join(folder, file));
    const lengths = Array.from({ length: perFile }, (_, at) => Math.floor((at * size) / perFile));
    const cuts = [...new Set([...lengths, size - 1])].filter(
      (length) => length >= 0 && length < size,
    );
    return [...cuts.map((truncate) => ({ file, truncate })), { file, remove: true }];
  });
}

/** The files as they are now, as a kill of the process would leave them. */
export function copyLive(from: string, to: string): void {
  mkdirSync(to);
  for (const file of readdirSync(from)) copyFileSync(join(from, file), join(to, file));
}

/** Does damage to a store. */
export function inflict(folder: string, damage: Damage): void {
  const path = join(folder, damage.file);
  if ('truncate' in damage) {
    truncateSync(path, damage.truncate);
  } else if ('remove' in damage) {
    rmSync(path);
  } else {
    const bytes = readFileSync(path);
    bytes[damage.flip] = (bytes[damage.flip] ?? 0) ^ (1 << (damage.flip % 8));
    writeFileSync(path, bytes);
  }
}

function compare(store: Physical, expected: Contents): Outcome {
  const names = [...expected.keys()].map((key) => key.replace(/\/.*/, '/'));
  if (store.list('').join() !== [...new Set(names)].toSorted().join()) {
    return { result: 'wrong', detail: 'the list has changed' };
  }
  for (const [key, value] of expected) {
    const read = store.get(key);
    if (read === undefined || Buffer.from(read).toString('latin1') !== value) {
      return { result: 'wrong', detail: `${key} has changed` };
    }
  }
  return { result: 'harmless', detail: '' };
}

/** Found means said so: that the store is damaged, and where it is. */
function judge(error: unknown, folder: string): Outcome {
  if (!(error instanceof DamagedError)) return { result: 'wrong', detail: String(error) };
  const named = error.message.includes(folder) || /record of \S+/.test(error.message);
  return { result: named ? 'found' : 'wrong', detail: error.message.replaceAll(folder, '') };
}
