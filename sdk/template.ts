// Path templates: `{name}` takes the grammar of its field's kind, `{path...}` the rest of the URL, `{/algorithm}` a
// segment that may be left out (RFC 6570), a slash at the end makes the slash optional.
import { assert } from './errors.ts';
import type { Fields } from './field.ts';

type Tokens<T extends string> = T extends `${string}{${infer Token}}${infer Rest}`
  ? Token | Tokens<Rest>
  : never;
type NameOf<Token extends string> = Token extends `/${infer N}`
  ? N
  : Token extends `${infer N}...`
    ? N
    : Token;

/** The names that a match always has. */
export type Captured<T extends string> = NameOf<Exclude<Tokens<T>, `/${string}`>>;
/** All names, those of segments that may be left out among them. */
export type AnyCapture<T extends string> = NameOf<Tokens<T>>;

export interface Matcher {
  /** The segment that every match begins with, `undefined` when the template begins with a capture. */
  readonly first: string | undefined;
  /** How much of the template is literal: of two that match, the more literal one is meant. */
  readonly specificity: number;
  /** The captured values by name, or `undefined` when the path is not of this template. */
  readonly match: (path: string) => Readonly<Record<string, string>> | undefined;
}

const TOKEN = /\{(\/?)(\w+)(?:\.\.\.)?\}|[.*+?^$()|[\]\\]/g;
const LITERAL_WEIGHT = 100;

export function compileTemplate(template: string, fields: Fields): Matcher {
  const pattern = patternOf(template, fields);
  const literal = template.replaceAll(/\{[^}]*\}/g, '');
  const captures = template.split('{').length - 1;
  const [first = ''] = template.split('/');
  return {
    first: first.includes('{') ? undefined : first,
    specificity: literal.length * LITERAL_WEIGHT - captures,
    match: captures === 0 ? literalMatch(pattern) : capturingMatch(pattern),
  };
}

function patternOf(template: string, fields: Fields): RegExp {
  const source = template.replaceAll(TOKEN, (token, slash?: string, key?: string) => {
    if (key === undefined) return `\\${token}`;
    const declared = fields[key];
    assert(declared !== undefined, `"${template}" captures "${key}", which is no field`);
    const takesAll = token.endsWith('...}') && declared.segment !== '.+';
    const group = `(?<${key}>${takesAll ? '.*' : declared.segment})`;
    return slash === '/' ? `(?:/${group})?` : group;
  });
  return new RegExp(`^${source}${template.endsWith('/') ? '?' : ''}$`, 's');
}

const NO_CAPTURES: Readonly<Record<string, string>> = Object.freeze({});

function literalMatch(pattern: RegExp): Matcher['match'] {
  return (path) => (pattern.test(path) ? NO_CAPTURES : undefined);
}

function capturingMatch(pattern: RegExp): Matcher['match'] {
  return (path) => {
    const groups = pattern.exec(path)?.groups;
    if (groups === undefined) return undefined;
    const present = Object.entries(groups).filter(([, value]) => value !== undefined);
    return Object.fromEntries(present);
  };
}
