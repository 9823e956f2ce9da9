// JSON as Go prints it: two blanks of indentation, the keys of a map sorted, characters that HTML would take for markup escaped.
import { isRawNumber } from '#sdk/json.ts';

const MARKUP: Readonly<Record<string, string>> = {
  '<': String.raw`\u003c`,
  '>': String.raw`\u003e`,
  '&': String.raw`\u0026`,
  '\u2028': String.raw`\u2028`,
  '\u2029': String.raw`\u2029`,
};

/** A `Map` stands for a structure and keeps its order; the keys of a plain object are sorted. */
export function formatJson(value: unknown, indent = ''): string {
  if (value instanceof Map) return formatEntries([...value], indent);
  if (Array.isArray(value)) return formatList(value, indent);
  if (typeof value === 'object' && value !== null && !isRawNumber(value)) {
    return formatEntries(sortedEntries(value), indent);
  }
  const text = JSON.stringify(value) ?? 'null';
  return text.replaceAll(/[<>&\u2028\u2029]/g, (sign) => MARKUP[sign] ?? sign);
}

/** The entries of an object or structure in the order of their keys. */
export function sortedEntries(value: object): [string, unknown][] {
  const entries: [string, unknown][] =
    value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
  return entries.toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function formatEntries(entries: readonly (readonly [string, unknown])[], indent: string): string {
  if (entries.length === 0) return '{}';
  const inner = `${indent}  `;
  const lines = entries.map(
    ([key, value]) => `${inner}${formatJson(key)}: ${formatJson(value, inner)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function formatList(values: readonly unknown[], indent: string): string {
  if (values.length === 0) return '[]';
  const inner = `${indent}  `;
  const lines = values.map((value) => inner + formatJson(value, inner));
  return `[\n${lines.join(',\n')}\n${indent}]`;
}
