// What a table of commands is made of: a line about each, and how its module is loaded when it runs.
import type { Command } from './command.ts';

export interface Leaf {
  readonly synopsis: string;
  readonly load: () => Promise<Command>;
}

export interface Group {
  readonly synopsis: string;
  /** What follows the group's name in its usage. */
  readonly usage?: string;
  readonly members: Readonly<Record<string, Entry>>;
}

export type Entry = Leaf | Group;

export const isGroup = (entry: Entry): entry is Group => 'members' in entry;

/** A command by the name under which its module exports it. */
export const leaf = <Name extends string>(
  synopsis: string,
  load: () => Promise<Readonly<Record<Name, Command>>>,
  name: Name,
): Leaf => ({ synopsis, load: async () => (await load())[name] });
