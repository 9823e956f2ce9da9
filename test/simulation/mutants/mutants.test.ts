// Each deliberate bug can still be made, and those that others had have their scenario.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SCENARIOS } from '../scenarios/all.ts';
import { MUTANTS } from './all.ts';
import { mutated } from './mutant.ts';

const ROOT = join(import.meta.dirname, '../../..');

test('every mutant changes what there is', (t) => {
  for (const mutant of MUTANTS) {
    const source = readFileSync(join(ROOT, mutant.file), 'utf8');
    t.not(mutated(mutant, source), source, mutant.name);
  }
});

test('every scenario that a mutant names is there', (t) => {
  const names = new Set(SCENARIOS.map(({ name }) => name));
  const named = MUTANTS.flatMap(({ scenario }) => scenario ?? []);
  t.deepEqual(
    named.filter((name) => !names.has(name)),
    [],
  );
  t.true(named.length > 0);
});

test('no two mutants have the same name', (t) => {
  t.is(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
});
