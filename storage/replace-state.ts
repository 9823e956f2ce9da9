// Sends a whole state through the log, in pieces that are laid aside on every node until one more entry says that they are
// to take the place of what is there.
import type { EntryData } from './entry.ts';
import type { Index } from './physical.ts';

/** Small enough that what else is proposed meanwhile does not wait long. */
const PIECE_BYTES = 256 * 1024;

/** How many pieces are on their way at once: more would only wait in memory. */
const PIECES_AT_ONCE = 4;

type Propose = (entry: EntryData) => Promise<Index>;

/** @returns the entry that is to replace the state; every error of `propose` ends it */
export async function stageState(
  propose: Propose,
  state: AsyncIterable<Uint8Array>,
): Promise<EntryData> {
  const begun = await propose({ type: 'restore-begin' });
  const onTheirWay: Promise<Index>[] = [];
  let chunks = 0;
  for await (const bytes of piecesOf(state)) {
    const sent = propose({ type: 'restore-chunk', begun, number: chunks, bytes });
    // Whoever waits for it later is told; nobody may be waiting yet.
    sent.catch(() => undefined);
    onTheirWay.push(sent);
    chunks += 1;
    if (onTheirWay.length >= PIECES_AT_ONCE) await onTheirWay.shift();
  }
  await Promise.all(onTheirWay);
  return { type: 'restore-commit', begun, chunks };
}

async function* piecesOf(state: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const bytes of state) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield bytes.subarray(at, at + PIECE_BYTES);
    }
  }
}
