// Usage texts, made from the declarations of the commands.
import { type Command, type Shared, sharedFlags } from './command.ts';
import type { Entry, Group } from './command-table.ts';
import type { FlagTable } from './flags.ts';
import { wrapIndented } from './format/wrap.ts';

const SECTIONS: Readonly<Record<Shared, string>> = {
  http: 'HTTP Options',
  field: 'Output Options',
  format: 'Output Options',
  detailed: 'Output Options',
};
/** What most people come for, listed first. */
const COMMON = ['read', 'write', 'delete', 'list', 'login', 'server', 'status', 'unwrap'];

export function usageOfCommand(command: Command): string {
  const parts = [`Usage: vault ${command.usage}`, paragraphs(command.about)];
  const sections = new Map<string, FlagTable>();
  for (const name of command.shared) {
    sections.set(SECTIONS[name], { ...sections.get(SECTIONS[name]), ...sharedFlags([name]) });
  }
  sections.set('Command Options', command.flags);
  for (const [title, flags] of sections) {
    if (Object.keys(flags).length > 0) parts.push(`${title}:`, ...describeFlags(flags));
  }
  return parts.join('\n\n');
}

export function usageOfGroup(path: readonly string[], group: Group): string {
  const name = path.join(' ');
  return [
    `Usage: vault ${name} ${group.usage ?? '<subcommand> [options] [args]'}`,
    paragraphs(group.synopsis),
    `Subcommands:\n${synopses(Object.entries(group.members))}`,
  ].join('\n\n');
}

export function usageOfProgram(root: Group): string {
  const common = COMMON.flatMap((name) => {
    const entry = root.members[name];
    return entry === undefined ? [] : [[name, entry] as const];
  });
  const others = Object.entries(root.members).filter(([name]) => !COMMON.includes(name));
  return [
    'Usage: vault <command> [args]',
    `Common commands:\n${synopses(common)}`,
    `Other commands:\n${synopses(others.toSorted(([left], [right]) => (left < right ? -1 : 1)))}`,
  ].join('\n\n');
}

const paragraphs = (text: string): string =>
  text
    .split('\n\n')
    // What is already moved in is an example and stays as it is.
    .map((paragraph) => (/^ {2}/.test(paragraph) ? paragraph : wrapIndented(paragraph, 2)))
    .join('\n\n');

function synopses(entries: readonly (readonly [string, Entry])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries
    .map(([name, entry]) => `    ${name.padEnd(width)}    ${entry.synopsis}`)
    .join('\n');
}

const describeFlags = (flags: FlagTable): string[] =>
  Object.entries(flags)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, { placeholder, help, variable, aliases = [] }]) => {
      const value = placeholder === '' ? '' : `=<${placeholder}>`;
      const names = [name, ...aliases].map((each) => `-${each}${value}`).join(', ');
      const also =
        variable === undefined
          ? ''
          : ` It can also be set by the ${variable} environment variable.`;
      return `  ${names}\n${wrapIndented(help + also, 6)}`;
    });
