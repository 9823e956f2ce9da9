// JSON that keeps every number digit by digit, as Vault's own decoder does (Go's json.Number).

/**
 * A number literal that a JavaScript number may not print as it was written, looked for only where a number may stand
 * (after a name, in an array, alone): hexadecimal text and times of day would make most documents suspicious.
 */
const FRAGILE_NUMBER = /(?:"\s*:|[[,]|^)\s*(?:-?\d{16}|-?\d+[.eE]|-0)/;

interface ReviverContext {
  readonly source?: string;
}

interface RawJson {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: ReviverContext) => unknown,
  ): unknown;
}

// Node 24 has both (ECMA-262 proposal "JSON.parse source text access"); TypeScript's library does not name them yet.
const json = JSON as unknown as RawJson;

/**
 * Parses JSON. A number whose digits a JavaScript number would change becomes a raw number, an object that
 * `JSON.stringify` prints as it was written; `isRawNumber` tells it from data.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseJson(text: string): unknown {
  if (!FRAGILE_NUMBER.test(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  );
}

/** Whether a parsed value is a number that is kept as text. */
export function isRawNumber(value: unknown): value is { readonly rawJSON: string } {
  return json.isRawJSON(value);
}

/** A JSON object, and not an array, `null` or a number that is kept as text. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
  );
}

/** A copy with the keys of every object sorted, as Go prints maps. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, sortKeys(value[name])]));
}
