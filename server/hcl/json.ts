// The JSON form of HCL, with the positions that JSON.parse does not give.
import { MAX_DEPTH } from './parser.ts';
import { endOfMatch, HclError, moved, START, type Position } from './position.ts';
import type { Body, Entry, List, Literal, Value } from './values.ts';

const BLANK = /[ \t\n\r]+/y;
const STRING = /"[^"\\\n\0]*(?:\\[^\n][^"\\\n\0]*)*"/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[a-z]+/y;

/** Reads one JSON object. `null` counts as not being there. */
export function parseJson(source: string): Body {
  const reader = new Reader(source);
  const body = reader.object();
  reader.expectEnd();
  return body;
}

/** Walks through a JSON text once; one per document. */
class Reader {
  readonly #source: string;
  #at: Position = START;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#skipBlanks();
  }

  object(): Body {
    const at = this.#open('{');
    const entries: Entry[] = [];
    while (!this.#isNext('}')) {
      const keyAt = this.#at;
      const text = this.#string();
      this.#expect(':');
      const value = this.#value();
      if (value !== undefined) entries.push({ keys: [{ text, at: keyAt }], value });
      this.#comma('}');
    }
    this.#close();
    return { type: 'body', entries, at, notation: 'json' };
  }

  expectEnd(): void {
    if (this.#at.offset < this.#source.length) throw this.#unexpected();
  }

  #list(): List {
    const at = this.#open('[');
    const items: Value[] = [];
    while (!this.#isNext(']')) {
      const value = this.#value();
      if (value !== undefined) items.push(value);
      this.#comma(']');
    }
    this.#close();
    return { type: 'list', items, at };
  }

  #value(): Value | undefined {
    if (this.#isNext('{')) return this.object();
    if (this.#isNext('[')) return this.#list();
    const { offset } = this.#at;
    if (this.#isNext('"')) return { type: 'text', at: this.#at, value: this.#string() };
    if (endOfMatch(NUMBER, this.#source, offset) > offset) return this.#number();
    return this.#word();
  }

  #string(): string {
    const { at, text } = this.#scan(STRING);
    try {
      return JSON.parse(text) as string; // the pattern admits nothing but one quoted string
    } catch {
      throw new HclError('illegal char escape', at);
    }
  }

  #number(): Literal {
    const { at, text } = this.#scan(NUMBER);
    return { type: 'number', value: Number(text), text, at };
  }

  #word(): Literal | undefined {
    const { at, text } = this.#scan(WORD);
    if (text === 'null') return undefined;
    if (text === 'true' || text === 'false') {
      return { type: 'boolean', value: text === 'true', at };
    }
    throw new HclError(`Unknown token: ${text}`, at);
  }

  #scan(pattern: RegExp): { readonly at: Position; readonly text: string } {
    const at = this.#at;
    const end = endOfMatch(pattern, this.#source, at.offset);
    if (end === at.offset) throw this.#unexpected();
    const text = this.#source.slice(at.offset, end);
    this.#move(end);
    return { at, text };
  }

  /** After an element: a comma and another one, or the end. */
  #comma(end: '}' | ']'): void {
    if (this.#isNext(end)) return;
    this.#expect(',');
    if (this.#isNext(end)) throw this.#unexpected();
  }

  #open(bracket: '{' | '['): Position {
    const at = this.#at;
    this.#expect(bracket);
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new HclError('nested too deeply', at);
    return at;
  }

  #close(): void {
    this.#depth -= 1;
    this.#move(this.#at.offset + 1);
  }

  #isNext(character: string): boolean {
    return this.#source.charAt(this.#at.offset) === character;
  }

  #expect(character: string): void {
    if (!this.#isNext(character)) throw this.#unexpected();
    this.#move(this.#at.offset + 1);
  }

  #move(offset: number): void {
    this.#at = moved(this.#at, this.#source, offset);
    this.#skipBlanks();
  }

  #skipBlanks(): void {
    const end = endOfMatch(BLANK, this.#source, this.#at.offset);
    this.#at = moved(this.#at, this.#source, end);
  }

  #unexpected(): HclError {
    const found = this.#source.charAt(this.#at.offset);
    return new HclError(`unexpected ${found === '' ? 'end' : JSON.stringify(found)}`, this.#at);
  }
}
