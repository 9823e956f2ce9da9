// Names of policies as clients send them, in the one form in which they are compared.

/** Lower case, without blanks around, empty names and repetitions, sorted. With root among them only root counts. */
export function sanitizePolicies(sent: readonly string[]): readonly string[] {
  const names = new Set(sent.map((name) => name.trim().toLowerCase()));
  names.delete('');
  return names.has('root') ? ['root'] : [...names].toSorted();
}

/** Whether two lists grant the same; `default` does not count, since tokens may get it besides. */
export function arePoliciesEquivalent(one: readonly string[], other: readonly string[]): boolean {
  const [names, others] = [one, other].map(
    (list) => new Set(sanitizePolicies(list).filter((name) => name !== 'default')),
  );
  return (
    names !== undefined && others !== undefined && names.symmetricDifference(others).size === 0
  );
}
