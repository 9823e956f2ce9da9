// What paths a rule is about: one, all with a beginning, or all with a shape (`kv/+/config`).
import { parseTemplate, valueOf, type Piece, type Subject } from './template.ts';

/** Stands in a shape where one segment may be anything. */
export const ANY = Symbol('+');

export type Segment = string | typeof ANY;

const ONE_ANY: readonly Segment[] = [ANY];

export type Pattern =
  | { readonly type: 'exact'; readonly path: string }
  | { readonly type: 'prefix'; readonly path: string }
  | {
      readonly type: 'shape';
      /** With a `*` at its end if it matches more than its own segments. */
      readonly path: string;
      readonly segments: readonly Segment[];
      /** The last segment is only the beginning of one, and more may follow. */
      readonly isPrefix: boolean;
    };

/** A path as a policy writes it, taken apart. */
export interface PathTemplate {
  readonly segments: readonly (typeof ANY | readonly Piece[])[];
  readonly isPrefix: boolean;
  readonly isTemplated: boolean;
}

/** Values of identities must not reach beyond the segment that the policy gives them. */
const REACHES_BEYOND = /[/+*]|\.\./;

/** Takes a path apart; wildcards are those of the policy's own text, whatever is filled in later. */
export function parsePath(written: string): PathTemplate {
  const path = written.replace(/^\//, '');
  const isPrefix = path.endsWith('*');
  const pieces = parseTemplate(isPrefix ? path.slice(0, -1) : path);
  return {
    segments: segmentsOf(pieces).map((segment) => (isAny(segment) ? ANY : segment)),
    isPrefix,
    isTemplated: pieces.length > 1,
  };
}

/**
 * The pattern for a subject; `undefined` if the rule does not apply to it. A value that would reach beyond its segment
 * makes a rule that grants void, and is taken literally by a rule that denies: neither allows more than was written.
 */
export function patternFor(
  template: PathTemplate,
  subject: Subject,
  denies: boolean,
): Pattern | undefined {
  const segments: Segment[] = [];
  for (const segment of template.segments) {
    const filled = segment === ANY ? ONE_ANY : fill(segment, subject, denies);
    if (filled === undefined) return undefined;
    segments.push(...filled);
  }
  return patternOf(segments, template.isPrefix);
}

function patternOf(segments: readonly Segment[], isPrefix: boolean): Pattern {
  const path = segments.map((segment) => (segment === ANY ? '+' : segment)).join('/');
  if (!segments.includes(ANY)) return { type: isPrefix ? 'prefix' : 'exact', path };
  return { type: 'shape', path: isPrefix ? `${path}*` : path, segments, isPrefix };
}

function segmentsOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const segments: Piece[][] = [];
  let current: Piece[] = [];
  for (const piece of pieces) {
    const [first = '', ...rest] = typeof piece === 'string' ? piece.split('/') : [piece];
    current.push(first);
    for (const text of rest) {
      segments.push(current);
      current = [text];
    }
  }
  return [...segments, current];
}

const isAny = (segment: readonly Piece[]): boolean => segment.length === 1 && segment[0] === '+';

function fill(
  pieces: readonly Piece[],
  subject: Subject,
  denies: boolean,
): readonly string[] | undefined {
  let text = '';
  for (const piece of pieces) {
    const value = typeof piece === 'string' ? piece : valueOf(piece.directive, subject);
    if (value === undefined) return undefined;
    if (typeof piece !== 'string' && !denies && REACHES_BEYOND.test(value)) return undefined;
    text += value;
  }
  return text.split('/');
}
