// The rows of a table that shows a map: sorted keys, values as Go prints them, seconds as durations.
import { humanDuration, looksLikeDuration, show, sortedKeys } from './go.ts';

export type Row = readonly [string, string];

export const mapRows = (map: object): Row[] =>
  sortedKeys(map).map((key) => {
    const value = (map as Readonly<Record<string, unknown>>)[key];
    return [key, show(looksLikeDuration(key) ? humanDuration(value) : value)];
  });
