// Flags in Go's form, declared as data: `-name=value`, `-name value`, `--name`; a flag that is yes or no needs no value.
import { formatGoDuration, parseDurationExact } from '#sdk/duration.ts';
import { messageOf, usageFailure } from './failure.ts';
import { quote } from './format/go.ts';

/** One flag: what it holds while it is not given, and how a text becomes its value. */
export interface Flag<T> {
  readonly help: string;
  readonly fallback: T;
  /** What stands for its value in the usage; '' for a flag that needs none. */
  readonly placeholder: string;
  /** Adds what was typed to what was typed before; throws an error in Go's words. */
  parse(raw: string, before: T | undefined): T;
  /** Other names. */
  readonly aliases?: readonly string[];
  /** The variable that is asked where the flag is not given. */
  readonly variable?: string;
}

// The parameter stands in a place where no narrower type would do for a table of all kinds of flags.
// oxlint-disable-next-line typescript/no-explicit-any -- `unknown` would refuse the flags themselves
export type FlagTable = Readonly<Record<string, Flag<any>>>;

export type FlagValues<F extends FlagTable> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never;
};

export interface ParsedFlags {
  /** A value for every declared flag. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The names of those that were typed. */
  readonly given: ReadonlySet<string>;
  readonly rest: readonly string[];
}

type Extra = Pick<Flag<unknown>, 'aliases' | 'variable'>;

export const textFlag = (help: string, fallback = '', extra: Extra = {}): Flag<string> => ({
  help,
  fallback,
  placeholder: 'string',
  parse: (raw) => raw,
  ...extra,
});

export const boolFlag = (help: string, fallback = false, extra: Extra = {}): Flag<boolean> => ({
  help,
  fallback,
  placeholder: '',
  parse: parseBool,
  ...extra,
});

export const intFlag = (help: string, fallback = 0): Flag<number> => ({
  help,
  fallback,
  placeholder: 'int',
  parse: parseInteger,
});

/** Seconds; a bare number counts seconds too. */
export const durationFlag = (help: string, fallback = 0, extra: Extra = {}): Flag<number> => ({
  help,
  fallback,
  placeholder: 'duration',
  parse: (raw) => parseDurationExact(raw),
  ...extra,
});

/** Given once for each item. */
export const listFlag = (help: string, extra: Extra = {}): Flag<readonly string[]> => ({
  help,
  fallback: [],
  placeholder: 'string',
  parse: (raw, before = []) => [...before, raw.trim()],
  ...extra,
});

/** Given once for each `key=value`. */
export const mapFlag = (help: string): Flag<Readonly<Record<string, string>>> => ({
  help,
  fallback: {},
  placeholder: 'key=value',
  parse: parsePair,
});

/** What is declared is found in `args` up to the first that is no flag. Throws what `vault` says of a wrong one. */
export function parseFlags(table: FlagTable, args: readonly string[]): ParsedFlags {
  const names = flagsByName(table);
  const given = new Map<string, unknown>();
  let index = 0;
  for (; index < args.length; index += 1) {
    const typed = splitFlag(args[index] ?? '');
    if (typed === undefined) break;
    if (typed === 'end') {
      index += 1;
      break;
    }
    const found = names.get(typed.name);
    if (found === undefined) {
      throw usageFailure(`flag provided but not defined: -${typed.name}`);
    }
    const [name, flag] = found;
    let raw = typed.value;
    if (raw === undefined && flag.placeholder !== '') {
      index += 1;
      raw = args[index];
      if (raw === undefined) throw usageFailure(`flag needs an argument: -${typed.name}`);
    }
    given.set(name, parseValue(typed.name, flag, { raw: raw ?? 'true', before: given.get(name) }));
  }
  const values = Object.entries(table).map(([name, flag]) => {
    return [name, given.has(name) ? given.get(name) : flag.fallback] as const;
  });
  return {
    values: Object.fromEntries(values),
    given: new Set(given.keys()),
    rest: args.slice(index),
  };
}

function flagsByName(table: FlagTable): ReadonlyMap<string, readonly [string, Flag<unknown>]> {
  return new Map(
    Object.entries(table).flatMap(([name, flag]) =>
      [name, ...(flag.aliases ?? [])].map((typed) => [typed, [name, flag]] as const),
    ),
  );
}

interface TypedFlag {
  readonly name: string;
  readonly value: string | undefined;
}

/** The flag in an argument; `end` is the two dashes after which nothing is a flag. */
function splitFlag(arg: string): TypedFlag | 'end' | undefined {
  if (arg === '--') return 'end';
  if (!arg.startsWith('-') || arg === '-') return undefined;
  const text = arg.replace(/^--?/, '');
  if (text === '' || /^[-=]/.test(text)) throw usageFailure(`bad flag syntax: ${arg}`);
  const at = text.indexOf('=');
  if (at === -1) return { name: text, value: undefined };
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

function parseValue(
  name: string,
  flag: Flag<unknown>,
  { raw, before }: { readonly raw: string; readonly before: unknown },
): unknown {
  try {
    return flag.parse(raw, before);
  } catch (error) {
    const kind = flag.placeholder === '' ? 'boolean value' : 'value';
    const dash = flag.placeholder === '' ? '' : 'flag ';
    throw usageFailure(`invalid ${kind} ${quote(raw)} for ${dash}-${name}: ${messageOf(error)}`);
  }
}

function parseBool(raw: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(raw)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(raw)) return false;
  throw new Error(`strconv.ParseBool: parsing ${quote(raw)}: invalid syntax`);
}

function parseInteger(raw: string): number {
  if (/^[+-]?\d{1,15}$/.test(raw)) return Number(raw);
  throw new Error(`strconv.ParseInt: parsing ${quote(raw)}: invalid syntax`);
}

function parsePair(
  raw: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const at = raw.indexOf('=');
  if (at === -1) throw new Error(`missing = in KV pair: ${quote(raw)}`);
  const pair = [raw.slice(0, at), raw.slice(at + 1)] as const;
  return Object.fromEntries([...Object.entries(before ?? {}), pair]);
}

/** A duration as the API takes it: `1h0m0s`. */
export const apiDuration = (seconds: number): string => formatGoDuration(seconds);
