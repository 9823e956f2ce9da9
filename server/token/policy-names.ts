// Names of policies: one canonical form, in which they are compared everywhere.

/** Lower case, without blanks around, without duplicates and empty names, sorted. */
export function canonicalNames(names: readonly string[]): readonly string[] {
  const clean = names.map((name) => name.trim().toLowerCase()).filter((name) => name !== '');
  return [...new Set(clean)].toSorted();
}

/** The policies of a token: root stands alone without `default`, everybody else has it unless it is left away. */
export function withDefault(names: readonly string[], noDefault: boolean): readonly string[] {
  const canonical = canonicalNames(names);
  if (noDefault) return canonical.filter((name) => name !== 'default');
  return canonical.includes('root') ? canonical : canonicalNames([...canonical, 'default']);
}
