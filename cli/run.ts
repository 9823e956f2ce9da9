// From the words that were typed to the command that runs, and from what it throws to an exit code.
import { type PreviewKind, RequestPreview } from './client/preview.ts';
import { type Entry, type Group, isGroup, type Leaf } from './command-table.ts';
import { COMMANDS } from './commands.ts';
import { Failure, messageOf } from './failure.ts';
import type { Host } from './host.ts';
import { createUi, isFormat } from './ui.ts';

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_UNKNOWN_COMMAND = 127;

const VERSION_FLAGS: readonly string[] = ['-v', '-version', '--version'];
const HELP_FLAGS: readonly string[] = ['-h', '-help', '--help'];

/** Runs a command line and answers its exit code. */
export async function run(typed: readonly string[], host: Host): Promise<number> {
  const isVersion = typed.length === 1 && VERSION_FLAGS.includes(typed[0] ?? '');
  const argv = isVersion ? ['version'] : typed;
  const globals = readGlobals(argv, host);
  if (!isFormat(globals.format)) {
    host.stderr(`Invalid output format: ${globals.format}\n`);
    return EXIT_FAILED;
  }
  const { path, entry, rest } = find(argv);
  const wantsHelp = beforeEnd(rest).some((arg) => HELP_FLAGS.includes(arg));
  if (isGroup(entry)) return showGroup({ path, group: entry, rest, wantsHelp }, host);
  const ui = createUi(host, globals.format, globals.isDetailed);
  try {
    return await runCommand(entry, { rest, wantsHelp, globals, host, ui });
  } catch (error) {
    return report(error, host);
  }
}

interface Globals {
  readonly format: string;
  readonly isDetailed: boolean;
  readonly preview: PreviewKind | undefined;
}

interface Typed {
  readonly rest: readonly string[];
  readonly wantsHelp: boolean;
  readonly globals: Globals;
  readonly host: Host;
  readonly ui: ReturnType<typeof createUi>;
}

async function runCommand(
  entry: Leaf,
  { rest, wantsHelp, globals, host, ui }: Typed,
): Promise<number> {
  const command = await entry.load();
  if (wantsHelp) {
    const { usageOfCommand } = await import('./usage.ts');
    ui.output(usageOfCommand(command));
    return EXIT_OK;
  }
  return command.run({ args: rest, host, ui, preview: globals.preview });
}

/** A group is not a command: it says what is in it, on standard output only to whoever asked. */
async function showGroup(
  found: {
    readonly path: readonly string[];
    readonly group: Group;
    readonly rest: readonly string[];
    readonly wantsHelp: boolean;
  },
  host: Host,
): Promise<number> {
  const { path, group, rest, wantsHelp } = found;
  const { usageOfGroup, usageOfProgram } = await import('./usage.ts');
  if (path.length === 0 && !wantsHelp && isFlagBeforeCommand(rest)) {
    host.stderr(
      'Invalid flags before the subcommand. If these flags are for\nthe subcommand, please put them after the subcommand.\n',
    );
    return EXIT_FAILED;
  }
  const usage = path.length === 0 ? usageOfProgram(group) : usageOfGroup(path, group);
  if (wantsHelp) {
    host.stdout(`${usage}\n`);
    return EXIT_OK;
  }
  host.stderr(`${usage}\n`);
  return path.length === 0 ? EXIT_UNKNOWN_COMMAND : EXIT_FAILED;
}

const isFlagBeforeCommand = (rest: readonly string[]): boolean =>
  rest[0]?.startsWith('-') === true && rest.some((arg) => Object.hasOwn(COMMANDS.members, arg));

/** A preview that took the place of a request is a result; everything else that is thrown is an error. */
function report(error: unknown, host: Host): number {
  if (error instanceof RequestPreview) {
    host.stdout(`${error.message}\n`);
    return EXIT_OK;
  }
  host.stderr(`${messageOf(error)}\n`);
  return error instanceof Failure ? error.exitCode : EXIT_FAILED;
}

/** The entry that the leading words name, and what is left of them. */
function find(argv: readonly string[]): {
  readonly path: readonly string[];
  readonly entry: Entry;
  readonly rest: readonly string[];
} {
  const path: string[] = [];
  let entry: Entry = COMMANDS;
  for (const word of argv) {
    if (!isGroup(entry) || !Object.hasOwn(entry.members, word)) break;
    entry = entry.members[word] ?? entry;
    path.push(word);
  }
  return { path, entry, rest: argv.slice(path.length) };
}

/** Format and previews are set anywhere on the line, since they are needed before a command reads its flags. */
function readGlobals(argv: readonly string[], host: Host): Globals {
  const flags = beforeEnd(argv).map((arg, index, all) => {
    const [, name = '', value] = /^--?([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    return { name, value, next: all[index + 1] };
  });
  const format = flags.findLast(({ name }) => name === 'format');
  const isOn = (name: string): boolean =>
    flags.some((flag) => flag.name === name && !/^(0|f|false)$/i.test(flag.value ?? 'true'));
  const named = format?.value ?? format?.next ?? '';
  return {
    format: (named || (host.environment['VAULT_FORMAT'] ?? '') || 'table').toLowerCase(),
    isDetailed: isOn('detailed'),
    preview: isOn('output-curl-string') ? 'curl' : isOn('output-policy') ? 'policy' : undefined,
  };
}

function beforeEnd(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end === -1 ? args : args.slice(0, end);
}
