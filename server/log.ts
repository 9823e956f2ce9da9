// The server's own log: lines on standard error in the form that Vault's readers know. No value of a request ever goes in.
import type { Clock } from '#sdk/clock.ts';
import { formatTime } from '#sdk/clock.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** What a line names besides its message: paths, counts, ids; never a value that a client sent. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface Log {
  readonly trace: (message: string, facts?: Facts) => void;
  readonly debug: (message: string, facts?: Facts) => void;
  readonly info: (message: string, facts?: Facts) => void;
  readonly warn: (message: string, facts?: Facts) => void;
  readonly error: (message: string, facts?: Facts) => void;
}

/** The least that is written. It may be changed while the server runs, and taken back. */
export class LogLevel {
  readonly #initial: Level;
  #now: Level;

  constructor(initial: Level) {
    this.#initial = initial;
    this.#now = initial;
  }

  get now(): Level {
    return this.#now;
  }

  set(level: Level): void {
    this.#now = level;
  }

  /** Back to what the configuration says. */
  reset(): void {
    this.#now = this.#initial;
  }

  /** Whether a line of a level is written. */
  lets(level: Level): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.#now);
  }
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'standard' | 'json';
  readonly clock: Clock;
  readonly write: (line: string) => void;
}

/** `err` and `warning` are Vault's other names of two levels. */
export function levelOf(name: string): Level | undefined {
  const lower = name.trim().toLowerCase();
  const aliases: Readonly<Record<string, Level>> = {
    err: 'error',
    warning: 'warn',
    notice: 'info',
  };
  return LEVELS.find((level) => level === lower) ?? aliases[lower];
}

export function makeLog({ level, format, clock, write }: LogOptions): Log {
  const line = format === 'json' ? jsonLine : standardLine;
  const at =
    (own: Level) =>
    (message: string, facts: Facts = {}) => {
      if (level.lets(own)) write(line(formatTime(clock.now()), own, message, facts));
    };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

type Line = (time: string, level: Level, message: string, facts: Facts) => string;

const standardLine: Line = (time, level, message, facts) => {
  const pairs = Object.entries(facts).map(([name, value]) => ` ${name}=${quoted(value)}`);
  const colon = pairs.length === 0 ? '' : ':';
  return `${time} ${`[${level.toUpperCase()}]`.padEnd(7)} ${message}${colon}${pairs.join('')}\n`;
};

const jsonLine: Line = (time, level, message, facts) =>
  `${JSON.stringify({ '@level': level, '@message': message, '@timestamp': time, ...facts })}\n`;

/** One line stays one line, whatever a name holds. */
function quoted(value: string | number | boolean): string {
  const text = String(value);
  return /^[\w./:@-]+$/.test(text) ? text : JSON.stringify(text);
}
