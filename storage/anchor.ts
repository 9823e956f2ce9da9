// The anchor of a store on disk: the state of the last acknowledged batch, kept outside of LevelDB, which may lose
// acknowledged batches without a word when a byte at the end of its log has changed.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './folder.ts';
import { DamagedError } from './physical.ts';
import { decodeState, encodeState, STATE_BYTES, type State } from './record.ts';

/**
 * Two places take turns, so that a write which a power cut tears leaves the other one whole. They lie in different
 * pages, because a page is what a disk may lose at once.
 */
const SLOT_DISTANCE = 4096;

/**
 * The state that the anchor names, `undefined` when there is no anchor or an empty one: a store whose creation was
 * cut short has that.
 *
 * @throws DamagedError when neither place holds a state
 */
export function readAnchor(file: string): State | undefined {
  const bytes = readIfThere(file);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const states = [0, SLOT_DISTANCE]
    .map((offset) => decodeState(bytes.subarray(offset, offset + STATE_BYTES)))
    .filter((state) => state !== undefined);
  const newest = states.toSorted((left, right) => right.index - left.index)[0];
  if (newest === undefined) throw new DamagedError(`${file} holds no valid state`);
  return newest;
}

/** The anchor of an open store. It is written before a batch is acknowledged, and not synced: LevelDB's log is. */
export class Anchor {
  readonly #descriptor: number;
  #offset = 0;

  /** Replaces the file by a new one in one step, so that there is no moment at which it is half made. */
  constructor(file: string, state: State) {
    const fresh = `${file}.new`;
    this.#descriptor = openSync(fresh, 'w', 0o600);
    this.write(state);
    this.write(state);
    fsyncSync(this.#descriptor);
    renameSync(fresh, file);
    syncFolder(dirname(file));
  }

  write(state: State): void {
    writeSync(this.#descriptor, encodeState(state), 0, STATE_BYTES, this.#offset);
    this.#offset = SLOT_DISTANCE - this.#offset;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function readIfThere(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined;
}
