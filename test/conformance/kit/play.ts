// Plays one scenario against freshly started servers: what each step was answered, what was expected.
import { describe, take } from './actions.ts';
import { certificates } from './certificates.ts';
import type { Scenario } from './scenario.ts';
import { startServers } from './servers.ts';
import { fillExpected, Variables } from './variables.ts';
import type { Context, World } from './world.ts';

/** Both with their variables filled in. */
export interface Played {
  readonly answer: unknown;
  readonly expected: unknown;
}

/** The answers of a scenario's steps, in their order. */
export async function play(scenario: Scenario, context: Context): Promise<readonly Played[]> {
  const world = await openWorld(scenario, context);
  const played: Played[] = [];
  try {
    for (const [index, step] of scenario.steps.entries()) {
      try {
        const answer = await take(step, world);
        played.push({ answer, expected: fillExpected(step.expect, world.variables) });
      } catch (error) {
        const what = `step ${index + 1} (${describe(step)}): ${messageOf(error)}`;
        throw new Error(`${what}\n${world.servers.output()}`, { cause: error });
      }
    }
    return played;
  } finally {
    await closeWorld(world);
  }
}

async function openWorld(scenario: Scenario, context: Context): Promise<World> {
  const variables = new Variables();
  if (context.postgres !== '') variables.setPostgres(context.postgres);
  const made = needsCertificates(scenario) ? await certificates() : undefined;
  if (made !== undefined) {
    variables.set('certificates', made.folder);
    for (const [name, text] of made.files) variables.set(`certificate.${name}`, text);
  }
  const { command } = context;
  const wanted = { command, spec: scenario.server, variables, certificates: made };
  const servers = await startServers(wanted);
  return { servers, variables, context, stubs: new Map(), listeners: new Map() };
}

async function closeWorld({ servers, stubs, listeners }: World): Promise<void> {
  for (const listener of listeners.values()) await listener.close().catch(() => undefined);
  for (const stub of stubs.values()) await stub.close();
  await servers.stop();
}

function needsCertificates(scenario: Scenario): boolean {
  return scenario.server?.tls === true || JSON.stringify(scenario).includes('{{certificate');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
