// What must hold whatever happens. A node that finds it broken stops: a replica that may be wrong must not vote.

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** @throws InvariantError */
export function invariant(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new InvariantError(`does not hold: ${claim}`);
}
