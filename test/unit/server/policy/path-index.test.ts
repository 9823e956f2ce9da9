// The index against the documented rules written down naively: the same rule must decide for thousands of paths.
import test from 'ava';
import { PathIndex } from '#server/policy/path-index.ts';
import { parsePath, patternFor, type Pattern } from '#server/policy/pattern.ts';

/** A generator that gives the same numbers in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const WORDS = ['a', 'b', 'ab', 'abc', ''];

function randomPath(random: (below: number) => number, words: readonly string[]): string {
  return Array.from({ length: 1 + random(4) }, () => words[random(words.length)] ?? '').join('/');
}

/** Whether the written rule matches, one character of thought at a time. */
function matches(rule: string, path: string): boolean {
  const body = rule.endsWith('*') ? rule.slice(0, -1) : rule;
  const source = body
    .split('/')
    .map((segment) => (segment === '+' ? '[^/]*' : segment))
    .join('/');
  return new RegExp(`^${source}${rule.endsWith('*') ? '' : '$'}`).test(path);
}

const isExact = (rule: string): boolean => !rule.endsWith('*') && !rule.split('/').includes('+');

/** What Vault documents, in its order; larger is closer. */
function priority(rule: string): readonly (number | string)[] {
  const text = rule.endsWith('*') ? rule.slice(0, -1) : rule;
  const any = text.split('/').indexOf('+');
  const before = text.split('/').slice(0, Math.max(any, 0)).join('/').length;
  return [
    any < 0 ? text.length : before + (any > 0 ? 1 : 0),
    rule.endsWith('*') ? 0 : 1,
    -text.split('/').filter((segment) => segment === '+').length,
    text.length,
    text,
  ];
}

function isAfter(one: readonly (number | string)[], other: readonly (number | string)[]): boolean {
  const at = one.findIndex((part, index) => part !== other[index]);
  const [left, right] = [one[at] ?? 0, other[at] ?? 0];
  return at >= 0 && left > right;
}

function expected(rules: readonly string[], path: string): string | undefined {
  if (rules.includes(path) && isExact(path)) return path;
  const found = rules.filter((rule) => !isExact(rule) && matches(rule, path));
  return found.reduce<string | undefined>(
    (best, rule) => (best === undefined || isAfter(priority(rule), priority(best)) ? rule : best),
    undefined,
  );
}

function pattern(rule: string): Pattern {
  const found = patternFor(parsePath(rule), { groups: [] }, false);
  if (found === undefined) throw new Error(`${rule} is void`);
  return found;
}

for (let seed = 1; seed <= 40; seed += 1) {
  test(`the index finds what the documentation says, seed ${seed}`, (t) => {
    const random = seeded(seed);
    const written = Array.from({ length: 1 + random(14) }, () => {
      const path = randomPath(random, [...WORDS, '+', '+']).replace(/^\/+/, '');
      return random(2) === 0 || path.endsWith('+') ? path : `${path}*`;
    });
    const rules = [...new Set(written)];
    const index = new PathIndex(rules.map((rule) => [pattern(rule), rule]));
    for (let count = 0; count < 200; count += 1) {
      const path = randomPath(random, WORDS);
      const found = index.exact(path) ?? index.closest([path]);
      t.is(found, expected(rules, path), `${path} with ${rules.join(' ')}`);
    }
  });
}
