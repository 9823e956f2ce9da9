// Data on the command line: `key=value`, `key=@file`, `key=-`, `@file.json`, `-`.
import { isJsonObject, isRawNumber, parseJson } from '#sdk/json.ts';
import { messageOf, usageFailure } from '../failure.ts';
import { quote } from '../format/go.ts';
import type { Host } from '../host.ts';
import { readText } from './files.ts';

/** Anything JSON may hold. A key that is given more than once becomes a list. Throws what `vault` says of a wrong pair. */
export function parseData(args: readonly string[], host: Host): Readonly<Record<string, unknown>> {
  const data = new Map<string, unknown>();
  const stdin = readOnce(host);
  for (const arg of args) {
    try {
      addArgument(data, arg, stdin);
    } catch (error) {
      throw new Error(`invalid key/value pair ${quote(arg)}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return Object.fromEntries(data);
}

/** The same for a command's arguments: where they are wrong, the command ends. */
export function dataArgument(
  args: readonly string[],
  host: Host,
): Readonly<Record<string, unknown>> {
  try {
    return parseData(args, host);
  } catch (error) {
    throw usageFailure(`Failed to parse K=V data: ${messageOf(error)}`);
  }
}

/** The same where every value is a text. */
export function parseTexts(args: readonly string[], host: Host): Readonly<Record<string, string>> {
  const entries = Object.entries(parseData(args, host));
  return Object.fromEntries(entries.map(([key, value]) => [key, asText(value)]));
}

/** The same for the query of a URL, where a list is a key that stands there more than once. */
export function parseQuery(
  args: readonly string[],
  host: Host,
): readonly (readonly [string, string])[] {
  return Object.entries(parseData(args, host)).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((item) => [key, asText(item)] as const),
  );
}

function addArgument(data: Map<string, unknown>, arg: string, stdin: () => string): void {
  if (arg === '') return;
  const at = arg.indexOf('=');
  if (at !== -1) {
    addValue(data, arg.slice(0, at), valueOf(arg.slice(at + 1), stdin));
    return;
  }
  if (arg !== '-' && !arg.startsWith('@')) throw new Error('format must be key=value');
  const document = parseObject(arg === '-' ? stdin() : readText(arg.slice(1)));
  for (const [key, value] of Object.entries(document)) data.set(key, value);
}

function addValue(data: Map<string, unknown>, key: string, value: string): void {
  if (!data.has(key)) {
    data.set(key, value);
    return;
  }
  const before: unknown = data.get(key);
  data.set(key, [...(Array.isArray(before) ? (before as unknown[]) : [before]), value]);
}

function valueOf(raw: string, stdin: () => string): string {
  if (raw === '-') return stdin();
  if (raw.startsWith(String.raw`\@`)) return raw.slice(1);
  if (!raw.startsWith('@')) return raw;
  try {
    return readText(raw.slice(1));
  } catch (error) {
    throw new Error(`error reading file: ${messageOf(error)}`, { cause: error });
  }
}

/** Standard input has one end only. */
function readOnce(host: Host): () => string {
  let isConsumed = false;
  return () => {
    if (isConsumed) throw new Error('stdin already consumed');
    isConsumed = true;
    return host.readStdin();
  };
}

/** What is not JSON is not repeated in the error: it may be a secret. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new Error(text.trim() === '' ? 'EOF' : 'invalid character in JSON input');
  }
  if (isJsonObject(value)) return value;
  const kind = Array.isArray(value) ? 'array' : typeof value;
  throw new Error(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number' || isRawNumber(value)) return JSON.stringify(value);
  throw new Error('failed to convert values to strings');
}
