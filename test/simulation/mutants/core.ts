// Bugs in the core of Raft.
import type { Mutant } from './mutant.ts';

export const CORE_MUTANTS: readonly Mutant[] = [];
