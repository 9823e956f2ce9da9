// Steps that look at what servers wrote or sent: the lines of files and sockets.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listener } from './listener.ts';
import type { Step } from './scenario.ts';
import { fill, pick } from './variables.ts';
import type { World } from './world.ts';

const HEARD_LIMIT_MS = 3_000;
const ASK_AGAIN_MS = 50;
const SETTLE_MS = 100;

/** The lines of a file in the scenario's folder, parsed where they are JSON, those that are as `where` says. */
export async function linesStep(file: string, step: Step, world: World): Promise<unknown> {
  return chosen(await readFile(fill(file, world.variables), 'utf8'), step, world);
}

/** The lines that a listener was sent; they come a moment after the answer, so they are awaited. */
export async function heardStep(name: string, step: Step, world: World): Promise<unknown> {
  const heard = (): readonly unknown[] => chosen(listenerOf(name, world).text(), step, world);
  const last = Date.now() + HEARD_LIMIT_MS;
  while (heard().length === 0 && Date.now() < last) await sleep(ASK_AGAIN_MS);
  await sleep(SETTLE_MS);
  return heard();
}

export function listenerOf(name: string, { listeners }: World): Listener {
  const found = listeners.get(name);
  if (found === undefined) throw new Error(`no listener "${name}"`);
  return found;
}

function chosen(text: string, { where = {} }: Step, { variables }: World): readonly unknown[] {
  const wanted = Object.entries(fill(where, variables));
  return text
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => (line.startsWith('{') ? JSON.parse(line) : line))
    .filter((line) => wanted.every(([at, value]) => pick(line, at) === value));
}
