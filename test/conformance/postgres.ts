// The PostgreSQL of a run: the one that was named, else one of the run's own, else none.
import { startPostgres } from '#test/helpers/postgres.ts';
import type { Postgres } from '#test/helpers/postgres.ts';
import { readScenario } from './kit/scenario.ts';

export const NO_POSTGRES = 'PostgreSQL is missing (Debian package postgresql)';

const NONE: Postgres = { url: '', stop: async () => undefined };

export function needsPostgres(scenario: string): boolean {
  return readScenario(scenario).needs?.includes('postgres') === true;
}

/** Started only if one of the scenarios needs it; its address is empty where there is none. */
export async function postgresFor(scenarios: readonly string[], named: string): Promise<Postgres> {
  if (named !== '') return { ...NONE, url: named };
  if (!scenarios.some(needsPostgres)) return NONE;
  return (await startPostgres()) ?? NONE;
}
