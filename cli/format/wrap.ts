// Prose broken into lines of even length, so that the last but one is not left ragged.

const LINE_LENGTH = 78;
/** What a line costs that one long word makes longer than allowed. */
const OVERLONG = 100_000;

/** The text in lines of at most 78 characters. */
export const wrap = (text: string): string => breakLines(text, LINE_LENGTH).join('\n');

/** The same, each line moved in by `indent` blanks. */
export function wrapIndented(text: string, indent: number): string {
  const blanks = ' '.repeat(indent);
  return breakLines(text, LINE_LENGTH - indent)
    .map((line) => blanks + line)
    .join('\n');
}

/**
 * The breaks whose lines have the least sum of squares of what they leave free. Looked for from the last
 * word to the first: the best way to set the words from `start` on is the best first line and what follows it.
 */
function breakLines(text: string, limit: number): string[] {
  const words = text.trim().replaceAll('\n', ' ').split(' ');
  const cost: number[] = [];
  const next: number[] = [];
  for (let start = words.length - 1; start >= 0; start -= 1) {
    [cost[start], next[start]] = bestLine(words, start, { limit, cost });
  }
  const lines: string[] = [];
  for (let start = 0; start < words.length; start = next[start] ?? words.length) {
    lines.push(words.slice(start, next[start]).join(' '));
  }
  return lines;
}

interface Search {
  readonly limit: number;
  /** What it costs to set the words from an index on, where known. */
  readonly cost: readonly number[];
}

/** The cost of setting the words from `start` on, and the word that begins the second line. */
function bestLine(words: readonly string[], start: number, search: Search): [number, number] {
  if (lengthOf(words, start, words.length) <= search.limit) return [0, words.length];
  let best: [number, number] = [Infinity, words.length];
  for (let end = start + 1; end < words.length; end += 1) {
    const free = search.limit - lengthOf(words, start, end);
    const cost = free * free + (search.cost[end] ?? 0) + (free < 0 ? OVERLONG : 0);
    if (cost < best[0]) best = [cost, end];
  }
  return best;
}

const lengthOf = (words: readonly string[], start: number, end: number): number =>
  Array.from(words.slice(start, end).join(' ')).length;
