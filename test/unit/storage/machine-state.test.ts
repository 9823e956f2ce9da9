// Where a state machine stands survives its bytes, and no other bytes are taken for it.
import test from 'ava';
import type { NodeId, Term } from '#raft/types.ts';
import {
  decodeMachineState,
  EMPTY_STATE,
  encodeMachineState,
  positionOf,
  type MachineState,
} from '#storage/machine-state.ts';
import type { Index } from '#storage/physical.ts';
import { encodeState, fingerprintOf, StateHash } from '#storage/record.ts';

const hash = new StateHash();
hash.add(fingerprintOf(Buffer.from('a record')));

const STATE: MachineState = {
  index: (2 ** 45) as Index,
  term: 7 as Term,
  configuration: [{ id: 'n1' as NodeId, address: '127.0.0.1:8201', suffrage: 'nonvoter' }],
  configurationIndex: 12 as Index,
  count: 1,
  hash,
  staging: undefined,
};
const STAGING = { begun: 3 as Index, chunks: 2, sum: 'ab'.repeat(32) };

test('a state is read as it was written', (t) => {
  for (const state of [STATE, EMPTY_STATE, { ...STATE, staging: STAGING }]) {
    const read = decodeMachineState(encodeMachineState(state));
    t.deepEqual(read && { ...read, hash: read.hash.bytes() }, {
      ...state,
      hash: state.hash.bytes(),
    });
  }
});

test('a position says nothing of records', (t) => {
  t.deepEqual(Object.keys(positionOf(STATE)).toSorted(), [
    'configuration',
    'configurationIndex',
    'index',
    'term',
  ]);
});

test('a state of which any bit has changed is refused', (t) => {
  const bytes = encodeMachineState({ ...STATE, staging: STAGING });
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    if (decodeMachineState(changed) !== undefined) t.fail(`bit ${bit}`);
  }
  t.is(decodeMachineState(bytes.subarray(1)), undefined);
  t.is(decodeMachineState(Buffer.alloc(0)), undefined);
});

test('the state of a store without a log is another one', (t) => {
  t.is(decodeMachineState(encodeState(STATE)), undefined);
});
