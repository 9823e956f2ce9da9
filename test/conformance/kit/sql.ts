// A step that queries PostgreSQL, with the `pg` package that the server uses too.
import { createRequire } from 'node:module';
import type { Fields, Step } from './scenario.ts';
import { fill } from './variables.ts';
import type { World } from './world.ts';

/** The part of `pg` that is used; loaded where a scenario needs it, for most need none. */
interface Postgres {
  readonly Client: new (options: { connectionString: string }) => {
    connect: () => Promise<void>;
    query: (text: string) => Promise<{ readonly rows: readonly unknown[] }>;
    end: () => Promise<void>;
  };
}

/** Rows of a query, or the code of its error. */
export async function sqlStep(
  text: string,
  step: Step,
  { variables, context }: World,
): Promise<Fields> {
  const { Client } = createRequire(import.meta.url)('pg') as Postgres;
  const client = new Client({ connectionString: addressOf(step, context.postgres, variables) });
  try {
    await client.connect();
    const { rows } = await client.query(fill(text, variables));
    return { rows };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // pg throws nothing else
    return { error: code ?? message };
  } finally {
    await client.end().catch(() => undefined); // it may never have been connected
  }
}

function addressOf(step: Step, postgres: string, variables: World['variables']): string {
  const url = new URL(postgres);
  if (typeof step.as === 'object') {
    url.username = fill(step.as.user, variables);
    url.password = fill(step.as.password, variables);
  }
  if (step.database !== undefined) url.pathname = `/${fill(step.database, variables)}`;
  return url.href;
}
