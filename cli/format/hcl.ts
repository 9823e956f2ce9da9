// HCL in its usual form: two blanks for each level, one blank around `=`, and the `=` of neighbouring lines below each other.

/** A string, a comment, a sign of structure, blanks, or anything else. */
const TOKEN =
  /"(?:[^"\\\n]|\\.)*"|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|[{}[\]=,\n]|[^\S\n]+|[^\s{}[\]=,"#]+|./g;
const HEREDOC = /^<<-?(\w+)$/;

/** Throws where brackets or strings are not closed. */
export function formatHcl(text: string): string {
  const lines = indent(toLines(text));
  return `${align(separate(lines)).join('\n')}\n`;
}

interface Line {
  /** What is on it, with single blanks. */
  readonly text: string;
  /** How many brackets it opens and closes, and how many it closes before anything else. */
  readonly opens: number;
  readonly closes: number;
  readonly leading: number;
  /** The lines of a heredoc, which stay as they are. */
  readonly raw: readonly string[];
}

function toLines(text: string): Line[] {
  const lines: Line[] = [];
  let tokens: string[] = [];
  let rest = text.replaceAll('\r\n', '\n');
  while (rest !== '') {
    TOKEN.lastIndex = 0;
    const token = TOKEN.exec(rest)?.[0] ?? rest;
    if (token === '"') throw new Error('literal not terminated');
    rest = rest.slice(token.length);
    if (token !== '\n') {
      if (token.trim() !== '') tokens.push(token);
      continue;
    }
    const raw = heredoc(tokens.at(-1) ?? '', rest);
    rest = rest.slice(raw.reduce((length, line) => length + line.length + 1, 0));
    lines.push(toLine(tokens, raw));
    tokens = [];
  }
  if (tokens.length > 0) lines.push(toLine(tokens, []));
  return lines;
}

/** The lines up to and with the one that holds only the mark. */
function heredoc(opening: string, rest: string): string[] {
  const mark = HEREDOC.exec(opening)?.[1];
  if (mark === undefined) return [];
  const lines = rest.split('\n');
  const end = lines.findIndex((line) => line.trim() === mark);
  if (end === -1) throw new Error('heredoc not terminated');
  return lines.slice(0, end + 1);
}

function toLine(tokens: readonly string[], raw: readonly string[]): Line {
  const leading = tokens.findIndex((token) => token !== '}' && token !== ']');
  return {
    text: tokens.reduce((line, token, index) => line + gap(tokens[index - 1], token) + token, ''),
    opens: tokens.filter((token) => token === '{' || token === '[').length,
    closes: tokens.filter((token) => token === '}' || token === ']').length,
    leading: leading === -1 ? tokens.length : leading,
    raw,
  };
}

/** Lists are set tight; everything else has blanks between. */
function gap(before: string | undefined, token: string): string {
  if (before === undefined || before === '[' || token === ']' || token === ',') return '';
  return before === '{' && token === '}' ? '' : ' ';
}

interface Indented {
  readonly text: string;
  readonly depth: number;
  readonly raw: readonly string[];
}

function indent(lines: readonly Line[]): Indented[] {
  let depth = 0;
  const result = lines.map((line) => {
    const own = Math.max(0, depth - line.leading);
    depth += line.opens - line.closes;
    if (depth < 0) throw new Error('a bracket is closed that was not opened');
    return { text: line.text, depth: own, raw: line.raw };
  });
  if (depth !== 0) throw new Error('object expected closing RBRACE got: EOF');
  return result;
}

/** One empty line at most, none at the ends, and one behind every block. */
function separate(lines: readonly Indented[]): Indented[] {
  const result: Indented[] = [];
  for (const line of lines) {
    const before = result.at(-1);
    const isEmpty = line.text === '';
    if (isEmpty && (before === undefined || before.text === '')) continue;
    const endsBlock = before?.depth === 0 && before.text.endsWith('}');
    if (endsBlock && !isEmpty) result.push({ text: '', depth: 0, raw: [] });
    result.push(line);
  }
  while (result.at(-1)?.text === '') result.pop();
  return result;
}

const ASSIGNMENT = /^([^\s={[]+|"(?:[^"\\]|\\.)*") = (.*)$/s;

/** Neighbouring assignments get their `=` below each other. */
function align(lines: readonly Indented[]): string[] {
  return lines.flatMap((line, index) => {
    const blanks = '  '.repeat(line.depth);
    const [, name, value] = ASSIGNMENT.exec(line.text) ?? [];
    if (name === undefined || value === undefined) {
      return [(blanks + line.text).trimEnd(), ...line.raw];
    }
    const width = Math.max(...neighbours(lines, index).map((neighbour) => neighbour.length));
    return [`${blanks}${name.padEnd(width)} = ${value}`, ...line.raw];
  });
}

/** The names assigned in the lines around one, as far as they belong together. */
function neighbours(lines: readonly Indented[], index: number): string[] {
  const nameOf = (at: number): string | undefined => {
    const line = lines[at];
    if (line === undefined || line.depth !== lines[index]?.depth) return undefined;
    return /[[{]$/.test(line.text) && at !== index ? undefined : ASSIGNMENT.exec(line.text)?.[1];
  };
  let first = index;
  let last = index;
  while (nameOf(first - 1) !== undefined) first -= 1;
  while (nameOf(last + 1) !== undefined) last += 1;
  return Array.from({ length: last - first + 1 }, (_, offset) => nameOf(first + offset) ?? '');
}
