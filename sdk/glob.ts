// Vault's two kinds of wildcard. Neither ever looks at a character of the text more often than it has to.

const WILDCARD = '*';

/** A `*` at the start, at the end, or at both ends; in parameters of policies. A `*` alone is just that character. */
export function matchesEnds(pattern: string, text: string): boolean {
  if (pattern.length < 2) return pattern === text;
  const hasStart = pattern.startsWith(WILDCARD);
  const hasEnd = pattern.endsWith(WILDCARD);
  if (hasStart && hasEnd) return text.includes(pattern.slice(1, -1));
  if (hasStart) return text.endsWith(pattern.slice(1));
  if (hasEnd) return text.startsWith(pattern.slice(0, -1));
  return pattern === text;
}

/** A `*` anywhere stands for any text, also for none; in lists of roles, domains, subjects. */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.split(WILDCARD);
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return pattern === text;
  if (!text.startsWith(first)) return false;
  let offset = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, offset);
    if (found < 0) return false;
    offset = found + part.length;
  }
  return text.length - offset >= last.length && text.endsWith(last);
}
