// Where a state machine stands, as it lies beside its records and is written with them: what they add up to, and the last
// entry that they are the outcome of. One without the other would apply an entry twice, or never.
import { hash } from 'node:crypto';
import type { Position } from '#raft/driver/ports.ts';
import type { Term } from '#raft/types.ts';
import { NEVER, type Index } from './physical.ts';
import { StateHash, type State } from './record.ts';
import type { Staging } from './staging.ts';

export interface MachineState extends State, Position {
  readonly index: Index;
  /** The state that is being laid aside to replace this one, if any. */
  readonly staging: Staging | undefined;
}

export const EMPTY_STATE: MachineState = {
  index: NEVER,
  term: 0 as Term,
  configuration: [],
  configurationIndex: NEVER,
  count: 0,
  hash: new StateHash(),
  staging: undefined,
};

/** Mark (8 bytes), state hash (32), the rest as JSON, and the first 8 bytes of the SHA-256 of all that. */
const MARK = Buffer.from('coffer2\n');
const HASH_END = 40;
const CHECK_BYTES = 8;

export function encodeMachineState({ hash: stateHash, ...rest }: MachineState): Buffer {
  const body = Buffer.concat([MARK, stateHash.bytes(), Buffer.from(JSON.stringify(rest))]);
  return Buffer.concat([body, checkOf(body)]);
}

/** `undefined` when the bytes are not those of a state. */
export function decodeMachineState(bytes: Buffer): MachineState | undefined {
  const body = bytes.subarray(0, -CHECK_BYTES);
  if (!body.subarray(0, MARK.length).equals(MARK)) return undefined;
  if (!bytes.subarray(-CHECK_BYTES).equals(checkOf(body))) return undefined;
  // The check says that these are the bytes that were written, so this is the type that was.
  const rest = JSON.parse(body.toString('utf8', HASH_END)) as Omit<MachineState, 'hash'>;
  return {
    ...rest,
    staging: rest.staging,
    hash: new StateHash(body.subarray(MARK.length, HASH_END)),
  };
}

export function positionOf({ index, term, configuration, configurationIndex }: Position): Position {
  return { index, term, configuration, configurationIndex };
}

function checkOf(body: Buffer): Buffer {
  return hash('sha256', body, 'buffer').subarray(0, CHECK_BYTES);
}
