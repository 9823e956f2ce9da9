// The promises of one node over one step, for tests and simulation: what `step` itself does not look at each time.
import { invariant } from './invariant.ts';
import { lastIndex, lastTerm, termAt } from './log.ts';
import type { State } from './state.ts';
import type { Index, NodeId, Term } from './types.ts';

/** What is compared with the state after a step, since that changes in place. */
export interface Observed {
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  readonly commit: Index;
  readonly applied: Index;
  readonly applying: Index;
  readonly isLeader: boolean;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly commitTerm: Term | undefined;
}

export function observe(state: State): Observed {
  return {
    term: state.term,
    votedFor: state.votedFor,
    commit: state.commit,
    applied: state.applied,
    applying: state.applying,
    isLeader: state.role === 'leader',
    lastIndex: lastIndex(state.log),
    lastTerm: lastTerm(state.log),
    commitTerm: termAt(state.log, state.commit),
  };
}

/** @throws InvariantError */
export function check(before: Observed, after: State): void {
  const { log } = after;
  const last = lastIndex(log);
  const isSameTerm = before.term === after.term;
  invariant(after.term >= before.term, 'terms never fall');
  const hasKept = before.votedFor === undefined || before.votedFor === after.votedFor;
  invariant(!isSameTerm || hasKept, 'a vote is not taken back');
  invariant(after.commit >= before.commit, 'a commit index never falls');
  invariant(after.commit <= last, 'what is committed is in the log');
  invariant(after.applied >= before.applied, 'nothing is applied twice');
  invariant(after.applied <= after.applying, 'what is applied was to be applied');
  invariant(after.applying <= after.commit, 'only what is committed is applied');
  invariant(log.start.index <= Math.max(after.applied, log.start.index), 'the log is whole');
  invariant(after.durable <= after.written, 'what is durable was written');
  invariant(after.written <= last, 'what was written is in the log');
  checkLog(before, after);
  invariant((after.role === 'leader') === (after.lead !== undefined), 'leaders lead');
}

function checkLog(before: Observed, after: State): void {
  const { log } = after;
  const committed = termAt(log, before.commit);
  const isSame = committed === undefined || committed === before.commitTerm;
  invariant(isSame || before.commitTerm === undefined, 'what is committed never changes');
  if (!before.isLeader || after.role !== 'leader' || before.term !== after.term) return;
  const kept = termAt(log, before.lastIndex);
  invariant(kept === undefined || kept === before.lastTerm, 'a leader only appends');
  invariant(lastIndex(log) >= before.lastIndex, 'a leader only appends');
}
