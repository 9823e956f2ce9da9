// The rules of an ACL by path: the one that decides is found in time that depends on the path, not on the number of rules.
import { ANY, type Pattern, type Segment } from './pattern.ts';

/** Rules that end here or begin with what leads here. */
interface Node<R> {
  readonly children: Map<Segment, Node<R>>;
  /** For rules that end with `*`: the beginning of the next segment, often empty. */
  readonly beginnings: Map<string, Ranked<R>>;
  /** The lengths of the beginnings, longest first. */
  lengths: readonly number[];
  /** For rules with `+` that end exactly here. */
  end: Ranked<R> | undefined;
}

interface Ranked<R> {
  readonly rule: R;
  readonly rank: Rank;
}

interface Rank {
  /** Where the first wildcard stands: the later, the closer the rule. */
  readonly firstWildcard: number;
  readonly isPrefix: boolean;
  readonly anySegments: number;
  readonly text: string;
}

/** Built once, then only asked. */
export class PathIndex<R> {
  readonly #exact = new Map<string, R>();
  /** Apart from shapes, because of all prefixes only the longest counts. */
  readonly #prefixes: Node<R> = emptyNode();
  readonly #shapes: Node<R> = emptyNode();
  readonly #hasShapes: boolean;

  constructor(rules: readonly (readonly [Pattern, R])[]) {
    for (const [pattern, rule] of rules) this.#add(pattern, rule);
    this.#hasShapes = rules.some(([pattern]) => pattern.type === 'shape');
  }

  exact(path: string): R | undefined {
    return this.#exact.get(path);
  }

  /** The closest rule with a wildcard for any of the paths, which are spellings of one. */
  closest(paths: readonly string[]): R | undefined {
    let best: Ranked<R> | undefined;
    for (const path of paths) {
      best = closer(best, longestPrefix(this.#prefixes, path));
      if (this.#hasShapes) best = closer(best, closestShape(this.#shapes, path));
    }
    return best?.rule;
  }

  #add(pattern: Pattern, rule: R): void {
    if (pattern.type === 'exact') {
      this.#exact.set(pattern.path, rule);
      return;
    }
    const isShape = pattern.type === 'shape';
    const segments = isShape ? pattern.segments : pattern.path.split('/');
    const ranked = { rule, rank: rankOf(pattern) };
    const root = isShape ? this.#shapes : this.#prefixes;
    if (isShape && !pattern.isPrefix) {
      descend(root, segments).end = ranked;
      return;
    }
    const last = segments.at(-1);
    if (last === ANY || last === undefined) throw new Error('+* is no end of a pattern');
    addBeginning(descend(root, segments.slice(0, -1)), last, ranked);
  }
}

function emptyNode<R>(): Node<R> {
  return { children: new Map(), beginnings: new Map(), lengths: [], end: undefined };
}

/** The node for the segments, made if it is missing. */
function descend<R>(root: Node<R>, segments: readonly Segment[]): Node<R> {
  let node = root;
  for (const segment of segments) {
    const child = node.children.get(segment) ?? emptyNode<R>();
    node.children.set(segment, child);
    node = child;
  }
  return node;
}

function addBeginning<R>(node: Node<R>, beginning: string, ranked: Ranked<R>): void {
  node.beginnings.set(beginning, ranked);
  node.lengths = [...new Set([...node.lengths, beginning.length])].toSorted((a, b) => b - a);
}

function rankOf(pattern: Exclude<Pattern, { readonly type: 'exact' }>): Rank {
  if (pattern.type === 'prefix') {
    const { path: text } = pattern;
    return { firstWildcard: text.length, isPrefix: true, anySegments: 0, text };
  }
  const { segments, isPrefix, path } = pattern;
  const before = segments.slice(0, segments.indexOf(ANY)) as readonly string[]; // up to the first that is not text
  return {
    firstWildcard: before.reduce((length, segment) => length + segment.length + 1, 0),
    isPrefix,
    anySegments: segments.filter((segment) => segment === ANY).length,
    text: isPrefix ? path.slice(0, -1) : path,
  };
}

function longestPrefix<R>(root: Node<R>, path: string): Ranked<R> | undefined {
  let best: Ranked<R> | undefined;
  let node: Node<R> | undefined = root;
  for (let start = 0; node !== undefined;) {
    best = beginningOf(node, path, start) ?? best;
    const slash = path.indexOf('/', start);
    if (slash < 0) break;
    node = node.children.get(path.slice(start, slash));
    start = slash + 1;
  }
  return best;
}

/** The longest beginning of what follows in the path. */
function beginningOf<R>(node: Node<R>, text: string, start: number): Ranked<R> | undefined {
  for (const length of node.lengths) {
    const found = node.beginnings.get(text.slice(start, start + length));
    if (found !== undefined && start + length <= text.length) return found;
  }
  return undefined;
}

/** Walks all branches that the path allows; there are no more of them than rules. */
function closestShape<R>(root: Node<R>, path: string): Ranked<R> | undefined {
  let best: Ranked<R> | undefined;
  let level: readonly Node<R>[] = [root];
  for (let start = 0; ;) {
    const slash = path.indexOf('/', start);
    const segment = slash < 0 ? path.slice(start) : path.slice(start, slash);
    const next: Node<R>[] = [];
    for (const node of level) {
      best = closer(best, beginningOf(node, segment, 0));
      pushChild(next, node, segment);
      pushChild(next, node, ANY);
    }
    if (next.length === 0) return best;
    if (slash < 0) return next.reduce((found, node) => closer(found, node.end), best);
    level = next;
    start = slash + 1;
  }
}

function pushChild<R>(level: Node<R>[], node: Node<R>, segment: Segment): void {
  const child = node.children.get(segment);
  if (child !== undefined) level.push(child);
}

function closer<R>(
  one: Ranked<R> | undefined,
  other: Ranked<R> | undefined,
): Ranked<R> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return isCloser(other.rank, one.rank) ? other : one;
}

/** Vault's order: later wildcard, no `*`, fewer `+`, longer text, and at last the alphabet. */
function isCloser(one: Rank, other: Rank): boolean {
  if (one.firstWildcard !== other.firstWildcard) return one.firstWildcard > other.firstWildcard;
  if (one.isPrefix !== other.isPrefix) return other.isPrefix;
  if (one.anySegments !== other.anySegments) return one.anySegments < other.anySegments;
  if (one.text.length !== other.text.length) return one.text.length > other.text.length;
  return one.text > other.text;
}
