// How Go prints values: scripts parse what `vault` prints, so `%v`, `%q` and its order of keys are part of the interface.
import { isJsonObject, isRawNumber } from '#sdk/json.ts';
import { formatGoDuration } from '#sdk/duration.ts';

/** A value as Go's `%v` prints it: `map[a:1 b:2]`, `[x y]`, `<nil>`. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (isRawNumber(value)) return value.rawJSON;
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (isJsonObject(value)) {
    return `map[${sortedKeys(value)
      .map((key) => `${key}:${show(value[key])}`)
      .join(' ')}]`;
  }
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '<nil>');
}

/** Text in double quotes, as Go's `%q` writes it. */
export const quote = (text: string): string => JSON.stringify(text);

/** A list of texts as `%q` prints it: `["default" "dev"]`. */
export const quoteList = (texts: readonly string[] | null | undefined): string =>
  `[${(texts ?? []).map(quote).join(' ')}]`;

/** Go prints the keys of a map in the order of their bytes. */
export const sortedKeys = (map: object): string[] => Object.keys(map).toSorted(byBytes);

/** Seconds without the parts that are zero: `768h`, `1h5s`, `10m`. What is no whole number stays as it is. */
export function humanDuration(value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value)) return value;
  const minutes = formatGoDuration(value).replace(/m0s$/, 'm');
  return minutes.replace(/h0m/, 'h');
}

/** Fields with these names hold seconds; tables print them as durations. */
export const looksLikeDuration = (name: string): boolean =>
  /(^|_)(period|ttl|duration)$/.test(name) || name === 'lease_max' || name === 'ttl_max';

/** A moment as Go's `Time.String()` prints it: `2024-05-06 07:08:09.1 +0000 UTC`. */
export function showTime(rfc3339: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T([\d:]+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(rfc3339);
  if (found === null) return rfc3339;
  const [, day, time, digits = '', zone = 'Z'] = found;
  const fraction = digits.replace(/0+$/, '');
  const offset = zone === 'Z' ? '+0000 UTC' : `${zone.replace(':', '')} ${zone.replace(':', '')}`;
  return `${day} ${time}${fraction === '' ? '' : `.${fraction}`} ${offset}`;
}

/** UTF-16 code units sort as UTF-8 bytes do, but for characters beyond the basic plane. */
function byBytes(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
