// Literals of HCL: strings with their escapes, heredocs, numbers.
import { HclError, matchAt, type Position } from './position.ts';
import type { Scanned } from './tokens.ts';

const NUMBER = /-?(?:0[xX][0-9a-fA-F]*|\d+(\.\d+)?([eE][+-]?\d+)?)/y;
const HEREDOC_START = /<<(-?)([^\n]*?)\r?\n/y;
const ANCHOR = /^[\p{L}\p{Nd}]+$/u;
const ESCAPE =
  /\\(?:([abfnrtv\\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
const PLAIN = /[^"\\\n\0$]+/y;
const HIGHEST_CODE_POINT = 0x10ffff;

const CHARACTERS: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** A string in double quotes. What stands in `${...}` is kept as it is, quotes and line breaks included. */
export function scanString(source: string, at: Position): Scanned {
  const parts: string[] = [];
  for (let offset = at.offset + 1; ;) {
    const next = source.charAt(offset);
    if (next === '"') return { type: 'STRING', end: offset + 1, value: parts.join('') };
    const { text, end } = stringPart(source, offset, at);
    parts.push(text);
    offset = end;
  }
}

interface Part {
  readonly text: string;
  readonly end: number;
}

function stringPart(source: string, offset: number, at: Position): Part {
  if (source.startsWith('${', offset)) return interpolation(source, offset, at);
  const next = source.charAt(offset);
  if (next === '$') return { text: '$', end: offset + 1 };
  if (next === '\\') return escape(source, offset, at);
  const found = matchAt(PLAIN, source, offset);
  if (found === null) throw new HclError('literal not terminated', at);
  return { text: found[0], end: offset + found[0].length };
}

function interpolation(source: string, offset: number, at: Position): Part {
  let depth = 0;
  for (let index = offset + 1; index < source.length; index += 1) {
    const next = source.charAt(index);
    if (next === '{') depth += 1;
    if (next === '}') depth -= 1;
    if (depth === 0) return { text: source.slice(offset, index + 1), end: index + 1 };
  }
  throw new HclError('literal not terminated', at);
}

function escape(source: string, offset: number, at: Position): Part {
  const found = matchAt(ESCAPE, source, offset);
  if (found === null) throw new HclError('illegal char escape', at);
  const [all, character, octal, ...hexadecimal] = found;
  const end = offset + all.length;
  if (character !== undefined) return { text: CHARACTERS[character] ?? '', end };
  const digits = hexadecimal.find((group) => group !== undefined) ?? '';
  const code = octal === undefined ? Number.parseInt(digits, 16) : Number.parseInt(octal, 8);
  if (code > HIGHEST_CODE_POINT) throw new HclError('illegal char escape', at);
  return { text: String.fromCodePoint(code), end };
}

/** `<<EOF` up to a line that is `EOF`; with `<<-EOF` that line may be indented, and sets the indentation. */
export function scanHeredoc(source: string, at: Position): Scanned {
  const found = matchAt(HEREDOC_START, source, at.offset);
  if (found === null) throw new HclError("heredoc expected second '<', didn't see it", at);
  const [start, dash = '', anchor = ''] = found;
  if (anchor === '') throw new HclError('zero-length heredoc anchor', at);
  if (!ANCHOR.test(anchor)) throw new HclError('invalid characters in heredoc anchor', at);
  const isIndented = dash !== '';
  const lines: string[] = [];
  for (let offset = at.offset + start.length; offset <= source.length;) {
    const feed = source.indexOf('\n', offset);
    const end = feed < 0 ? source.length : feed;
    const line = source.slice(offset, end);
    const bare = withoutReturns(line);
    if ((isIndented ? bare.trimStart() : bare) === anchor) {
      const indentation = bare.slice(0, bare.length - anchor.length);
      return { type: 'HEREDOC', end, value: joined(lines, isIndented ? indentation : '') };
    }
    lines.push(line);
    offset = end + 1;
  }
  throw new HclError('heredoc not terminated', at);
}

/** A regular expression would try each of many carriage returns as the first of those at the end. */
function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

/** Lines without the indentation, if all of them have it. */
function joined(lines: readonly string[], indentation: string): string {
  const cut = lines.every((line) => line.startsWith(indentation)) ? indentation.length : 0;
  return lines.map((line) => `${line.slice(cut)}\n`).join('');
}

/** A whole number (also hexadecimal or octal) or one with a fraction or an exponent. */
export function scanNumber(source: string, at: Position): Scanned {
  const found = matchAt(NUMBER, source, at.offset);
  const [text = '', fraction, exponent] = found ?? [];
  const end = at.offset + text.length;
  if (fraction !== undefined || exponent !== undefined) {
    return { type: 'FLOAT', end, value: Number(text) };
  }
  return { type: 'NUMBER', end, value: wholeNumber(text, at) };
}

function wholeNumber(text: string, at: Position): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace('-', '');
  if (/^0x$/i.test(digits)) throw new HclError('illegal hexadecimal number', at);
  if (!/^0\d/.test(digits)) return sign * Number(digits);
  if (/[89]/.test(digits)) throw new HclError('illegal octal number', at);
  return sign * Number.parseInt(digits, 8);
}
