// The kinds of settings a configuration file has, and how a table of them reads one stanza.
import { parseDurationExact, parseDurationSeconds, type Seconds } from '#sdk/duration.ts';
import { HclError, type Position } from '../hcl/position.ts';
import { lastValue } from '../hcl/read.ts';
import type { Body, Value } from '../hcl/values.ts';

export interface Warning {
  readonly message: string;
  readonly file: string;
  readonly line: number;
}

/** The addresses of this machine, by the name of their interface. */
export type Networks = Readonly<Record<string, readonly string[]>>;

/** What a reader of one file knows beside its text, and where it puts warnings. */
export interface Context {
  readonly file: string;
  readonly networks: Networks;
  warn(message: string, at: Position): void;
}

export interface Setting<V> {
  /** The value while nothing is configured. */
  readonly initial: V;
  readonly read: (value: Value, context: Context) => V;
  /** Why the setting changes nothing here although Vault knows it. */
  readonly inert?: string;
}

export type Table = Readonly<Record<string, Setting<unknown>>>;

/** The values that a table reads, under the names of the file. */
export type Settings<T extends Table> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never;
};

export const text = (initial = ''): Setting<string> => ({ initial, read: readText });
export const flag = (initial = false): Setting<boolean> => ({ initial, read: readFlag });
export const whole = (initial = 0): Setting<number> => ({ initial, read: readWhole });
export const texts = (): Setting<readonly string[]> => ({ initial: [], read: readTexts });

/** Whole seconds, as leases count them. */
export const wholeSeconds = (initial = 0): Setting<Seconds> => ({
  initial: initial as Seconds,
  read: (value) => readDuration(value, parseDurationSeconds),
});

/** Seconds with fractions, for what is measured in milliseconds. */
export const exactSeconds = (initial = 0): Setting<Seconds> => ({
  initial: initial as Seconds,
  read: (value) => readDuration(value, parseDurationExact),
});

/** One of a few words in any case; some have other words for the same. */
export const oneOf = <const W extends string>(
  initial: NoInfer<W>,
  words: readonly W[],
  others: Readonly<Record<string, NoInfer<W>>> = {},
): Setting<W> => ({
  initial,
  read: (value) => {
    const found = readText(value).trim().toLowerCase();
    if (found === '') return initial;
    return (Object.hasOwn(others, found) ? others[found] : undefined) ?? wordOf(value, words);
  },
});

/** The same, but absence is a value of its own. */
export const optional = <V>(setting: Setting<V>): Setting<V | undefined> => ({
  ...setting,
  initial: undefined,
});

/** A stanza in a stanza. */
export const block = <T extends Table>(table: T): Setting<Settings<T>> => ({
  initial: initialOf(table),
  read: (value, context) => ({ ...initialOf(table), ...readStanza(table, asBody(value), context) }),
});

/** Vault knows the setting; here it changes nothing, for the reason that is warned about. */
export const inert = <V>(setting: Setting<V>, reason: string): Setting<V> => ({
  ...setting,
  inert: reason,
});

/** What a stanza says: only the settings that it has. Names that are neither in the table nor known are warned about. */
export function readStanza<T extends Table>(
  table: T,
  body: Body,
  context: Context,
  known: ReadonlySet<string> = new Set(),
): Partial<Settings<T>> {
  warnOfUnknown(body, context, new Set([...Object.keys(table), ...known]));
  const values = Object.entries(table).flatMap(([name, setting]) => {
    const value = lastValue(body, name);
    if (value === undefined) return [];
    warnIfInert(name, setting, value, context);
    return [[name, named(name, value, () => setting.read(value, context))] as const];
  });
  return Object.fromEntries(values) as Partial<Settings<T>>; // one entry per name of the table, read by its setting
}

/** Every setting of a table at its initial value. */
export function initialOf<T extends Table>(table: T): Settings<T> {
  const values = Object.entries(table).map(([name, { initial }]) => [name, initial] as const);
  return Object.fromEntries(values) as Settings<T>; // one entry per name of the table
}

/** A stanza that may be written as a list of one. */
export function asBody(value: Value): Body {
  if (value.type === 'body') return value;
  const only = value.type === 'list' && value.items.length === 1 ? value.items[0] : undefined;
  if (only?.type === 'body') return only;
  throw new HclError('a block is needed here', value.at);
}

export function readText(value: Value): string {
  if (value.type === 'text') return value.value;
  if (value.type === 'number') return value.text;
  if (value.type === 'boolean') return String(value.value);
  throw new HclError('a text is needed here', value.at);
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['', '0', 'f', 'F', 'FALSE', 'false', 'False']);

function readFlag(value: Value): boolean {
  const word = readText(value);
  if (TRUE_WORDS.has(word)) return true;
  if (FALSE_WORDS.has(word)) return false;
  throw new HclError(
    `strconv.ParseBool: parsing ${JSON.stringify(word)}: invalid syntax`,
    value.at,
  );
}

function readWhole(value: Value): number {
  const number = value.type === 'number' ? value.value : Number(wholeText(value));
  if (Number.isSafeInteger(number)) return number;
  throw notWhole(value);
}

function wholeText(value: Value): string {
  const digits = readText(value);
  if (digits === '' || /^[+-]?\d+$/.test(digits)) return digits;
  throw notWhole(value);
}

function notWhole(value: Value): HclError {
  const found = JSON.stringify(readText(value));
  return new HclError(`strconv.ParseInt: parsing ${found}: invalid syntax`, value.at);
}

function readDuration(value: Value, parse: (raw: string | number) => Seconds): Seconds {
  const isFraction = value.type === 'number' && !Number.isInteger(value.value);
  try {
    return parse(isFraction ? `${value.text}s` : readText(value));
  } catch (error) {
    throw new HclError(error instanceof Error ? error.message : String(error), value.at);
  }
}

/** A list of texts, or one text with commas. */
export function readTexts(value: Value): readonly string[] {
  const parts = value.type === 'list' ? value.items.map(readText) : readText(value).split(',');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function wordOf<W extends string>(value: Value, words: readonly W[]): W {
  const found = readText(value);
  const word = words.find((candidate) => candidate === found.trim().toLowerCase());
  if (word !== undefined) return word;
  const choice = words.map((candidate) => JSON.stringify(candidate)).join(', ');
  throw new HclError(`${JSON.stringify(found)} is not one of ${choice}`, value.at);
}

/** Errors of a value say which setting it is for. */
function named<R>(name: string, value: Value, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    throw new HclError(`invalid value for ${name}: ${error.reason}`, error.at ?? value.at);
  }
}

function warnIfInert(
  name: string,
  setting: Setting<unknown>,
  value: Value,
  context: Context,
): void {
  if (setting.inert === undefined) return;
  context.warn(`${name} has no effect: ${setting.inert}`, value.at);
}

function warnOfUnknown(body: Body, context: Context, known: ReadonlySet<string>): void {
  for (const { keys } of body.entries) {
    const [key] = keys;
    if (key !== undefined && !known.has(key.text)) {
      const where = `${context.file}:${key.at.line}:${key.at.column}`;
      context.warn(
        `unknown or unsupported field ${key.text} found in configuration at ${where}`,
        key.at,
      );
    }
  }
}
