// A deliberate bug: one place in the sources that is changed. The simulator has to find each.

export interface Mutant {
  /** What it breaks. */
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly search: string;
  readonly replace: string;
  /** The kit that can see it when it is not `core`. */
  readonly kit?: 'whole';
  /** The scenario that is there for it: the step by step account of how this hurt somebody. */
  readonly scenario?: string;
}

/** The source with the bug. @throws Error when the source is not what the mutant was written for */
export function mutated({ name, file, search, replace }: Mutant, source: string): string {
  const found = source.split(search).length - 1;
  if (found !== 1) throw new Error(`mutant "${name}": its place is in ${file} ${found} times`);
  return source.replace(search, () => replace);
}
