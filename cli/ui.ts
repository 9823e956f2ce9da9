// Where a command speaks: results on standard output, everything else on standard error.
import type { Host } from './host.ts';

export const FORMATS = ['table', 'json', 'yaml', 'yml', 'pretty', 'raw'] as const;
export type Format = (typeof FORMATS)[number];

export interface Ui {
  readonly format: Format;
  /** Whether lists show what is known about each key besides its name. */
  readonly isDetailed: boolean;
  /** A line of the result. */
  output(line: string): void;
  /** A line beside the result: a warning or an error. */
  error(line: string): void;
  /** A result that another program takes as it is: without an end of line unless a person reads it. */
  raw(text: string): void;
}

export function createUi(host: Host, format: Format, isDetailed: boolean): Ui {
  return {
    format,
    isDetailed,
    output: (line) => host.stdout(`${line}\n`),
    error: (line) => host.stderr(`${line}\n`),
    raw: (text) => host.stdout(host.isTerminal ? `${text}\n` : text),
  };
}

export const isFormat = (name: string): name is Format =>
  (FORMATS as readonly string[]).includes(name);
