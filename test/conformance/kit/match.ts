// Compares an answer with what was recorded. An expected string that begins with < is a kind of value,
// one that begins with ~ is a regular expression; everything else is literal.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const SHOWN_CHARACTERS = 300;

/** Every kind a recorded value may have instead of a literal. */
const KINDS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['<any>', (): boolean => true],
  ['<string>', (value): boolean => typeof value === 'string'],
  ['<text>', (value): boolean => typeof value === 'string' && value !== ''],
  ['<int>', (value): boolean => Number.isInteger(value)],
  ['<number>', (value): boolean => typeof value === 'number'],
  ['<bool>', (value): boolean => typeof value === 'boolean'],
  ['<uuid>', matching(UUID)],
  ['<time>', matching(TIME)],
  ['<token>', matching(/^((hv)?[sbr]\.)?[A-Za-z0-9_-]{20,}$/)],
  ['<base64>', matching(/^[A-Za-z0-9+/]+={0,2}$/)],
  ['<hex>', matching(/^[0-9a-f]+$/i)],
  ['<serial>', matching(/^([0-9a-f]{2}:)*[0-9a-f]{2}$/)],
  ['<pem>', matching(/-----BEGIN /)],
  ['<jwt>', matching(/^[\w-]+\.[\w-]+\.[\w-]*$/)],
  ['<array>', (value): boolean => Array.isArray(value)],
  ['<object>', isObject],
]);

export interface Strictness {
  /** Also say which fields the answer has beyond the recorded. */
  readonly extra: boolean;
}

/** One line for each place where `actual` is not as `expected`. Fields beyond the expected are allowed unless `extra`. */
export function differences(
  expected: unknown,
  actual: unknown,
  strictness: Strictness = { extra: false },
  at = '',
): readonly string[] {
  if (typeof expected === 'string') return unlike(textIsAs(expected, actual), expected, actual, at);
  if (Array.isArray(expected)) return elementDifferences(expected, actual, strictness, at);
  if (isObject(expected)) return fieldDifferences(expected, actual, strictness, at);
  return unlike(Object.is(expected, actual), expected, actual, at);
}

function matching(pattern: RegExp) {
  return (value: unknown): boolean => typeof value === 'string' && pattern.test(value);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unlike(same: boolean, expected: unknown, actual: unknown, at: string): readonly string[] {
  return same ? [] : [`${at || 'answer'}: expected ${show(expected)}, got ${show(actual)}`];
}

/** Whether a value is the text, is of the kind, is in the range or fits the pattern that the text stands for. */
function textIsAs(expected: string, actual: unknown): boolean {
  if (expected === '<absent>') return actual === undefined;
  const kind = KINDS.get(expected);
  if (kind !== undefined) return actual !== undefined && kind(actual);
  const range = /^<(-?\d+)\.\.(-?\d+)>$/.exec(expected);
  if (range !== null) {
    return typeof actual === 'number' && actual >= Number(range[1]) && actual <= Number(range[2]);
  }
  if (expected.startsWith('~')) return matching(new RegExp(expected.slice(1), 's'))(actual);
  return expected === actual;
}

function elementDifferences(
  expected: readonly unknown[],
  actual: unknown,
  strictness: Strictness,
  at: string,
): readonly string[] {
  if (!Array.isArray(actual)) return unlike(false, expected, actual, at);
  const more = expected.at(-1) === '<more>';
  const elements = more ? expected.slice(0, -1) : expected;
  if (!more && actual.length !== elements.length) return unlike(false, expected, actual, at);
  return elements.flatMap((value, index) =>
    differences(value, actual[index], strictness, `${at}[${index}]`),
  );
}

function fieldDifferences(
  expected: Readonly<Record<string, unknown>>,
  actual: unknown,
  strictness: Strictness,
  at: string,
): readonly string[] {
  if (!isObject(actual)) return unlike(false, expected, actual, at);
  const place = (key: string): string => (at === '' ? key : `${at}.${key}`);
  const found = Object.entries(expected).flatMap(([key, value]) =>
    differences(
      value,
      Object.hasOwn(actual, key) ? actual[key] : undefined,
      strictness,
      place(key),
    ),
  );
  if (!strictness.extra) return found;
  const beyond = Object.keys(actual).filter((key) => !Object.hasOwn(expected, key));
  return [...found, ...beyond.map((key) => `${place(key)}: not recorded: ${show(actual[key])}`)];
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
