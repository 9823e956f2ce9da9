// The state before the first entry of the log, in the form in which a state is given to a state machine.
import type { Snapshot } from '#raft/driver/ports.ts';
import { EMPTY_STATE, positionOf } from './machine-state.ts';
import { StateHash } from './record.ts';
import { Packer } from './state-stream.ts';

export function emptyState(): Pick<Snapshot, 'meta' | 'chunks'> {
  return { meta: positionOf(EMPTY_STATE), chunks };
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  const packer = new Packer();
  packer.add({ type: 'sum', sum: { count: 0, hash: new StateHash(), staging: undefined } });
  packer.add({ type: 'end' });
  yield* packer.rest();
}
