// Durations as clients write them: Go's grammar ("1h30m"), and what Vault adds to it (bare seconds, whole days).

/** A whole number of seconds, unless it was asked for with fractions. */
export type Seconds = number & { readonly unit: 'seconds' };

const NANOSECONDS_BY_UNIT: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n], // U+00B5, the micro sign
  ['μs', 1_000n], // U+03BC, the Greek letter
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const SECOND = 1_000_000_000n;
const DAY_IN_SECONDS = 86_400n;

/** Clients count nanoseconds in 64 signed bits: a longer duration (292 years) is invalid everywhere. */
const MAX_NANOSECONDS = 2n ** 63n - 1n;

/** No valid duration is longer; the limit keeps hostile text away from the arithmetic below. */
const MAX_LENGTH = 256;

const INTEGER = /^[+-]?\d+$/;
const COMPONENTS = /(?=.)(\d*)(\.(\d*))?([^.\d]*)/gs;

/** Brands a number that is known to count seconds. */
export const seconds = (count: number): Seconds => count as Seconds;

/** The duration in whole seconds; what is left of a second is cut off. Throws an error in Go's words. */
export function parseDurationSeconds(raw: string | number): Seconds {
  return seconds(Number(parse(raw) / SECOND));
}

/** The duration in seconds with fractions, for settings in which 500ms is not nothing. */
export function parseDurationExact(raw: string | number): Seconds {
  return seconds(Number(parse(raw)) / Number(SECOND));
}

/** The form Go prints: `1h0m0s`, `1m30s`, `1.5s`, `100ms`, `0s`. */
export function formatGoDuration(duration: number): string {
  const sign = duration < 0 ? '-' : '';
  const size = Math.abs(duration);
  if (size > 0 && size < 1) return sign + formatBelowOneSecond(Math.round(size * 1e9));
  const whole = Math.floor(size);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = `${Number((size - hours * 3600 - minutes * 60).toFixed(9))}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${sign}${minutes}m${rest}` : sign + rest;
}

/** The same without trailing zeros, as warnings have it: `768h`, `1h30m`, `1m30s`. */
export function formatShortDuration(duration: number): string {
  const long = formatGoDuration(duration);
  const minutes = long.endsWith('m0s') ? long.slice(0, -2) : long;
  return minutes.endsWith('h0m') ? minutes.slice(0, -2) : minutes;
}

function parse(raw: string | number): bigint {
  const text = String(raw);
  if (text === '') return 0n;
  if (text.length > MAX_LENGTH) throw invalid(`${text.slice(0, MAX_LENGTH)}...`);
  if (INTEGER.test(text)) return bounded(BigInt(text.replace('+', '')) * SECOND, text);
  if (text.endsWith('d')) return parseDays(text);
  return parseGo(text);
}

function parseDays(text: string): bigint {
  const count = text.slice(0, -1);
  if (!INTEGER.test(count)) {
    throw new Error(`strconv.ParseInt: parsing ${quote(count)}: invalid syntax`);
  }
  return bounded(BigInt(count.replace('+', '')) * DAY_IN_SECONDS * SECOND, text);
}

function parseGo(text: string): bigint {
  const isNegative = text.startsWith('-');
  const start = isNegative || text.startsWith('+') ? 1 : 0;
  const unsigned = text.slice(start);
  if (unsigned === '0') return 0n;
  if (unsigned === '') throw invalid(text);
  let total = 0n;
  for (const found of unsigned.matchAll(COMPONENTS)) {
    total = bounded(total + component(found, text), text);
  }
  return isNegative ? -total : total;
}

/** One number with its unit, in nanoseconds. */
function component(found: readonly (string | undefined)[], text: string): bigint {
  const [, whole = '', , fraction = '', unit = ''] = found;
  if (whole === '' && fraction === '') throw invalid(text);
  if (unit === '') throw new Error(`time: missing unit in duration ${quote(text)}`);
  const size = NANOSECONDS_BY_UNIT.get(unit);
  if (size === undefined) {
    throw new Error(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
  }
  const parts = fraction === '' ? 0n : (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  return (whole === '' ? 0n : BigInt(whole)) * size + parts;
}

function bounded(nanoseconds: bigint, text: string): bigint {
  if (nanoseconds > MAX_NANOSECONDS || nanoseconds < -MAX_NANOSECONDS) throw invalid(text);
  return nanoseconds;
}

const invalid = (text: string): Error => new Error(`time: invalid duration ${quote(text)}`);

/** Text in double quotes, as Go's %q writes it for what is printable. */
const quote = (text: string): string => JSON.stringify(text);

function formatBelowOneSecond(nanoseconds: number): string {
  if (nanoseconds >= 1_000_000) return `${nanoseconds / 1_000_000}ms`;
  return nanoseconds >= 1_000 ? `${nanoseconds / 1_000}µs` : `${nanoseconds}ns`;
}
