// HCL text cut into tokens: words, literals, punctuation. What they mean together is the parser's business.
import { scanHeredoc, scanNumber, scanString } from './literals.ts';
import { endOfMatch, HclError, moved, START, type Position } from './position.ts';
import type { Scanned, Token, TokenType } from './tokens.ts';

const PUNCTUATION: Readonly<Record<string, TokenType>> = {
  '[': 'LBRACK',
  ']': 'RBRACK',
  '{': 'LBRACE',
  '}': 'RBRACE',
  ',': 'COMMA',
  '.': 'PERIOD',
  '=': 'ASSIGN',
  '+': 'ADD',
  '-': 'SUB',
};

const BLANK = /[ \t\n\r]+|#[^\n]*|\/\/[^\n]*/y;
const IDENTIFIER = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy;
const NUMBER_START = /-?\d/y;

/** All tokens of the source, the last one EOF; each is looked at once. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = START;
  for (;;) {
    at = afterBlanks(source, at);
    if (at.offset >= source.length) break;
    const { type, end, value } = scan(source, at);
    const text = source.slice(at.offset, end);
    tokens.push({ type, text, value: value ?? text, at });
    at = moved(at, source, end);
  }
  tokens.push({ type: 'EOF', text: '', value: '', at });
  return tokens;
}

function afterBlanks(source: string, from: Position): Position {
  let at = from;
  for (;;) {
    const comment = source.startsWith('/*', at.offset);
    const end = comment ? commentEnd(source, at) : endOfMatch(BLANK, source, at.offset);
    if (end === at.offset) return at;
    at = moved(at, source, end);
  }
}

function commentEnd(source: string, at: Position): number {
  const end = source.indexOf('*/', at.offset + 2);
  if (end < 0) throw new HclError('comment not terminated', at);
  return end + 2;
}

function scan(source: string, at: Position): Scanned {
  const first = source.charAt(at.offset);
  if (first === '"') return scanString(source, at);
  if (first === '<') return scanHeredoc(source, at);
  if (first === '/') throw new HclError("expected '/' for comment", at);
  if (first === '\0') throw new HclError('unexpected null character (0x00)', at);
  if (endOfMatch(NUMBER_START, source, at.offset) > at.offset) return scanNumber(source, at);
  const end = endOfMatch(IDENTIFIER, source, at.offset);
  if (end > at.offset) return word(source.slice(at.offset, end), end);
  return { type: PUNCTUATION[first] ?? 'ILLEGAL', end: at.offset + 1 };
}

function word(text: string, end: number): Scanned {
  const isBoolean = text === 'true' || text === 'false';
  return isBoolean ? { type: 'BOOL', end, value: text === 'true' } : { type: 'IDENT', end };
}
