// A command as data: how it is used, which flags it takes, what it does.
import { Client } from './client/client.ts';
import type { PreviewKind } from './client/preview.ts';
import { connectionSettings } from './client/settings.ts';
import { DETAILED_FLAGS, FIELD_FLAGS, FORMAT_FLAGS, HTTP_FLAGS } from './common-flags.ts';
import { messageOf, serverFailure, usageFailure } from './failure.ts';
import { type FlagTable, type FlagValues, parseFlags, type ParsedFlags } from './flags.ts';
import type { Host } from './host.ts';
import { readToken } from './token-helper.ts';
import type { Ui } from './ui.ts';

/** The sets of common flags, in the order in which the usage lists them. */
const SHARED = {
  http: HTTP_FLAGS,
  field: FIELD_FLAGS,
  format: FORMAT_FLAGS,
  detailed: DETAILED_FLAGS,
} as const;
export type Shared = keyof typeof SHARED;

export interface Command {
  /** After the program's name: `kv get [options] KEY`. */
  readonly usage: string;
  readonly about: string;
  readonly flags: FlagTable;
  readonly shared: readonly Shared[];
  run(invocation: Invocation): Promise<number>;
}

/** What the dispatcher hands to a command. */
export interface Invocation {
  readonly args: readonly string[];
  readonly host: Host;
  readonly ui: Ui;
  readonly preview: PreviewKind | undefined;
}

/** What a command works with. */
export interface Context<F extends FlagTable> {
  readonly flags: FlagValues<F>;
  /** `-field`, where the command takes it; '' for the whole answer. */
  readonly field: string;
  /** The flags that were typed: some are sent only then. */
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
  readonly host: Host;
  readonly ui: Ui;
  readonly isInteractive: boolean;
  /** The client of the server that flags and environment name. */
  readonly connect: () => Client;
}

interface Declaration<F extends FlagTable> {
  readonly usage: string;
  readonly about: string;
  readonly flags?: F;
  readonly shared?: readonly Shared[];
  /** Whether `-format=raw`, the bytes of the answer, makes sense. */
  readonly takesRaw?: boolean;
  run(context: Context<F>): Promise<number> | number;
}

/** Turns a declaration into a command: what comes before `run` is the same for all of them. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- a command without flags of its own
export function defineCommand<const F extends FlagTable = Record<never, never>>(
  declaration: Declaration<F>,
): Command {
  const { usage, about, shared = [] } = declaration;
  const flags: FlagTable = declaration.flags ?? {};
  return {
    usage,
    about,
    flags,
    shared,
    run: async (invocation) => {
      const { host, ui } = invocation;
      const all = { ...sharedFlags(shared), ...flags };
      const parsed = parseFlags(all, invocation.args);
      if (ui.format === 'table') warnOfTrailingFlags(ui, parsed.rest);
      if (ui.format === 'raw' && declaration.takesRaw !== true) {
        throw usageFailure('This command does not support the -format=raw option.');
      }
      const opened: Client[] = [];
      try {
        return await declaration.run({
          // The table that was parsed is the one that gives the values their types.
          flags: ownValues(parsed, flags) as FlagValues<F>,
          field: typeof parsed.values['field'] === 'string' ? parsed.values['field'] : '',
          given: parsed.given,
          args: parsed.rest,
          host,
          ui,
          isInteractive: parsed.values['non-interactive'] !== true,
          connect: () => {
            const client = connect(parsed, invocation);
            opened.push(client);
            return client;
          },
        });
      } finally {
        for (const client of opened) client.close();
      }
    },
  };
}

const ownValues = ({ values }: ParsedFlags, flags: FlagTable): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.keys(flags).map((name) => [name, values[name]]));

/** The common flags of a command, as one table. */
export const sharedFlags = (shared: readonly Shared[]): FlagTable => {
  let flags: FlagTable = {};
  for (const name of shared) flags = { ...flags, ...SHARED[name] };
  return flags;
};

function connect({ values, given }: ParsedFlags, { host, preview }: Invocation): Client {
  const typed = Object.fromEntries(Object.entries(values).filter(([name]) => given.has(name)));
  const settings = connectionSettings(typed, host.environment);
  try {
    return new Client({
      settings,
      token: readToken(host),
      preview,
      sleep: (milliseconds) => host.sleep(milliseconds),
    });
  } catch (error) {
    throw serverFailure(`failed to create client: ${messageOf(error)}`);
  }
}

/** These are looked for everywhere on the line, also behind the arguments. */
const ANYWHERE: ReadonlySet<string> = new Set([
  'output-curl-string',
  'output-policy',
  'format',
  'detailed',
]);

/** Whoever writes a flag after an argument rarely means an argument that looks like a flag. */
function warnOfTrailingFlags(ui: Ui, rest: readonly string[]): void {
  const trailing = rest.filter((arg) => {
    return (
      arg.startsWith('-') &&
      arg !== '-' &&
      !ANYWHERE.has(arg.replace(/^-+/, '').replace(/=.*/s, ''))
    );
  });
  if (trailing.length === 0) return;
  ui.error(
    `Command flags must be provided before positional arguments. The following arguments will not be parsed as flags: [${trailing.join(',')}]`,
  );
}
