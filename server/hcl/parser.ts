// Tokens to a tree of entries, with the grammar of HCL version 1.
import { HclError } from './position.ts';
import type { Token } from './tokens.ts';
import type { Body, Entry, Key, List, Literal, Value } from './values.ts';

/** Deeper nesting is refused before the stack is at risk; real files nest four or five levels. */
export const MAX_DEPTH = 64;

/** Reads tokens from the first to the last; one per document. */
export class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The whole document: entries until the end. */
  document(): Body {
    const { at } = this.#peek();
    const entries: Entry[] = [];
    while (this.#peek().type !== 'EOF') entries.push(this.#entry());
    return { type: 'body', entries, at, notation: 'hcl' };
  }

  #entry(): Entry {
    const keys = this.#keys();
    const token = this.#take();
    const value = token.type === 'ASSIGN' ? this.#value() : this.#body(token);
    if (this.#peek().type === 'COMMA') this.#take();
    return { keys, value };
  }

  /** The words before `=` or `{`, which is left for the caller. */
  #keys(): readonly Key[] {
    const keys: Key[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.type === 'ASSIGN' || token.type === 'LBRACE') {
        refuseBadStart(keys, token);
        return keys;
      }
      if (token.type !== 'IDENT' && token.type !== 'STRING') throw unexpectedKey(keys, token);
      keys.push({ text: String(token.value), at: token.at });
      this.#take();
    }
  }

  #value(): Value {
    const token = this.#take();
    if (token.type === 'LBRACE') return this.#body(token);
    if (token.type === 'LBRACK') return this.#list(token);
    const value = literal(token);
    if (value === undefined) throw new HclError(`Unknown token: ${describe(token)}`, token.at);
    return value;
  }

  #body({ at }: Token): Body {
    this.#enter();
    const entries: Entry[] = [];
    while (this.#peek().type !== 'RBRACE') {
      const token = this.#peek();
      if (token.type === 'EOF') {
        throw new HclError('object expected closing RBRACE got: EOF', token.at);
      }
      entries.push(this.#entry());
    }
    this.#take();
    this.#depth -= 1;
    return { type: 'body', entries, at, notation: 'hcl' };
  }

  #list({ at }: Token): List {
    this.#enter();
    const items: Value[] = [];
    let needsComma = false;
    for (;;) {
      const token = this.#peek();
      if (token.type === 'RBRACK') break;
      if (token.type === 'COMMA') {
        this.#take();
        needsComma = false;
      } else {
        refuseBadItem(token, needsComma);
        items.push(this.#value());
        needsComma = true;
      }
    }
    this.#take();
    this.#depth -= 1;
    return { type: 'list', items, at };
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new HclError('nested too deeply', this.#peek().at);
  }

  #peek(): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw new HclError('EOF token found');
    return token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.type !== 'EOF') this.#next += 1;
    return token;
  }
}

function literal({ type, value, text, at }: Token): Literal | undefined {
  if (type === 'STRING' || type === 'HEREDOC') return { type: 'text', value: String(value), at };
  if (type === 'BOOL') return { type: 'boolean', value: value === true, at };
  const isNumber = type === 'NUMBER' || type === 'FLOAT';
  return isNumber ? { type: 'number', value: Number(value), text, at } : undefined;
}

const ITEM_START: ReadonlySet<string> = new Set([
  'BOOL',
  'NUMBER',
  'FLOAT',
  'STRING',
  'HEREDOC',
  'LBRACE',
  'LBRACK',
]);

function refuseBadItem(token: Token, needsComma: boolean): void {
  if (needsComma) {
    const reason = `error parsing list, expected comma or list end, got: ${token.type}`;
    throw new HclError(reason, token.at);
  }
  if (!ITEM_START.has(token.type)) {
    throw new HclError(`unexpected token while parsing list: ${token.type}`, token.at);
  }
}

/** `=` and `{` need a name before them, and `=` not more than one. */
function refuseBadStart(keys: readonly Key[], token: Token): void {
  if (token.type === 'LBRACE' && keys.length === 0) {
    throw new HclError('expected: IDENT | STRING got: LBRACE', token.at);
  }
  if (token.type === 'ASSIGN' && keys.length === 0) {
    throw new HclError('no object keys found!', token.at);
  }
  if (token.type === 'ASSIGN' && keys.length > 1) {
    throw new HclError('nested object expected: LBRACE got: ASSIGN', token.at);
  }
}

function unexpectedKey(keys: readonly Key[], token: Token): HclError {
  const names = keys.map((key) => key.text).join(' ');
  if (names !== '' && (token.type === 'EOF' || token.type === 'RBRACE')) {
    const wanted = "expected start of object ('{') or assignment ('=')";
    return new HclError(`key '${names}' ${wanted}`, token.at);
  }
  if (token.type === 'ILLEGAL') return new HclError('illegal character', token.at);
  const wanted = 'expected: IDENT | STRING | ASSIGN | LBRACE';
  return new HclError(`${wanted} got: ${token.type}`, token.at);
}

const describe = ({ at, type, text }: Token): string => `${at.line}:${at.column} ${type} ${text}`;
