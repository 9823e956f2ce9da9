// All deliberate bugs, by what they are in.
import { CORE_MUTANTS } from './core.ts';
import type { Mutant } from './mutant.ts';
import { WHOLE_MUTANTS } from './whole.ts';

export const MUTANTS: readonly Mutant[] = [...CORE_MUTANTS, ...WHOLE_MUTANTS];
