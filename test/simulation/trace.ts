// What happened in a world, line by line: hashed, so that two runs can be compared, and kept, so that one that fails can be
// read.
import { createHash } from 'node:crypto';

export class Trace {
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];

  add(at: number, who: string, what: string, detail: unknown): void {
    const line = `${at.toFixed(3).padStart(10)} ${who.padEnd(3)} ${what} ${shown(detail)}`;
    this.#hash.update(line);
    this.#lines.push(line);
  }

  get hash(): string {
    return this.#hash.copy().digest('hex');
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}

function shown(detail: unknown): string {
  if (detail === undefined) return '';
  if (typeof detail === 'string') return detail;
  return JSON.stringify(detail, (_key, value: unknown) => {
    if (value instanceof Map) return [...value];
    if (isBytes(value)) return Buffer.from(value.data).toString('latin1');
    return value;
  });
}

/** What `Buffer.toJSON` gives. */
function isBytes(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
}
