// YAML as Vault's command prints it: YAML 1.1, sorted keys, lists not indented below their key.
import { isRawNumber } from '#sdk/json.ts';
import { sortedEntries } from './json.ts';

/** Longer lines of words are folded at the first blank after this column. */
const FOLD_AT = 80;

/** What a reader of YAML 1.1 would not take for a text if it stood there without quotes. */
const OTHER_KINDS: readonly RegExp[] = [
  /^(~|null|Null|NULL|<<)?$/,
  /^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^[-+]?(\.inf|\.Inf|\.INF)$|^(\.nan|\.NaN|\.NAN)$/,
  /^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$/,
  /^[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$/,
  /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/,
  /^\d{4}-\d\d?-\d\d?([Tt ]\d\d?:\d\d?:\d\d?(\.\d+)?(Z|[+-]\d\d?:\d\d)?)?$/,
];
/** What would be read as punctuation. */
const PUNCTUATION = /^[-?:](\s|$)|^[,[\]{}#&*!|>'"%@`]|^(---|\.\.\.)|:(\s|$)|\s#|^\s|\s$/;
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff]/;

export const formatYaml = (value: unknown): string => `${block(value, 0)}\n`;

/** A value that stands on lines of its own. */
function block(value: unknown, depth: number): string {
  if (Array.isArray(value) && value.length > 0) return items(value, depth);
  if (isMapping(value) && sortedEntries(value).length > 0) return entries(value, depth);
  return scalar(value, depth, 0);
}

const indentation = (depth: number): string => '  '.repeat(depth);

function entries(value: object, depth: number): string {
  return sortedEntries(value)
    .map(([name, member]) => {
      const key = `${indentation(depth)}${name.includes('\n') ? JSON.stringify(name) : text(name, depth, -Infinity)}:`;
      // A list stands as deep as its key, a mapping deeper.
      if (!isBlock(member)) return `${key} ${scalar(member, depth + 1, key.length + 1)}`;
      return `${key}\n${block(member, Array.isArray(member) ? depth : depth + 1)}`;
    })
    .join('\n');
}

function items(values: readonly unknown[], depth: number): string {
  const dash = `${indentation(depth)}- `;
  return values
    .map((item) => {
      // The first line of what is inside follows the dash.
      if (isBlock(item)) return dash + block(item, depth + 1).slice(dash.length);
      return dash + scalar(item, depth + 1, dash.length);
    })
    .join('\n');
}

const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);

const isBlock = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : isMapping(value) && sortedEntries(value).length > 0;

function scalar(value: unknown, depth: number, column: number): string {
  if (Array.isArray(value)) return '[]';
  if (isRawNumber(value)) return value.rawJSON;
  if (isMapping(value)) return '{}';
  return typeof value === 'string' ? text(value, depth, column) : (JSON.stringify(value) ?? 'null');
}

function text(value: string, depth: number, column: number): string {
  if (UNPRINTABLE.test(value)) return JSON.stringify(value);
  if (value.includes('\n')) return literal(value, depth);
  if (OTHER_KINDS.some((kind) => kind.test(value))) return `"${value}"`;
  if (PUNCTUATION.test(value)) return fold(`'${value.replaceAll("'", "''")}'`, depth, column);
  return fold(value, depth, column);
}

/** Several lines as they are; the sign after the bar says how many ends of line close the text. */
function literal(value: string, depth: number): string {
  if (/^\s|\n\s+$/.test(value)) return JSON.stringify(value);
  const closing = value.endsWith('\n\n') ? '+' : value.endsWith('\n') ? '' : '-';
  const lines = value.replace(/\n$/, '').split('\n');
  const blanks = indentation(Math.max(depth, 1));
  const indented = lines.map((line) => (line === '' ? '' : blanks + line));
  return `|${closing}\n${indented.join('\n')}`;
}

/** Breaks at single blanks once a line is long; the blank is what the break stands for. */
function fold(value: string, depth: number, column: number): string {
  let at = column;
  let result = '';
  const characters = Array.from(value);
  for (const [index, character] of characters.entries()) {
    const [before, after] = [characters[index - 1] ?? ' ', characters[index + 1] ?? ' '];
    const breaks = at > FOLD_AT && character === ' ' && before !== ' ' && after !== ' ';
    result += breaks ? `\n${indentation(depth)}` : character;
    at = breaks ? depth * 2 : at + 1;
  }
  return result;
}
