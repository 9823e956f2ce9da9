// What the steps of one scenario share while it is played.
import type { Listener } from './listener.ts';
import type { NodeName } from './scenario.ts';
import type { Servers } from './servers.ts';
import type { Stub } from './stub.ts';
import { fill } from './variables.ts';
import type { Variables } from './variables.ts';

/** The programs that a run plays scenarios against. */
export interface Context {
  /** The server program and its first arguments; `server -dev` and the like are appended. */
  readonly command: readonly string[];
  /** The program of the cli steps. */
  readonly cli: readonly string[];
  /** The address of PostgreSQL; empty where there is none. */
  readonly postgres: string;
}

export interface World {
  readonly servers: Servers;
  readonly variables: Variables;
  readonly context: Context;
  readonly stubs: Map<string, Stub>;
  readonly listeners: Map<string, Listener>;
}

/** The number of the node that a step names; the first where it names none. */
export function nodeOf(node: NodeName | undefined, { variables }: World): number {
  return Number(fill(node ?? 0, variables));
}

/** The token that a step sends: root where it names none, nothing for null. */
export function tokenOf(token: string | null | undefined, { variables }: World): string | null {
  if (token === null) return null;
  return token === undefined ? variables.text('root') : fill(token, variables);
}
