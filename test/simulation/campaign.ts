// Adds up the reports of many seeds, over several runs when they are kept in a file.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Counts } from './counts.ts';
import { FAULT_NAMES } from './faults.ts';
import type { Report } from './simulate.ts';

interface Totals {
  seeds: number;
  lastSeed: number;
  virtualSeconds: number;
  realSeconds: number;
  events: number;
  failures: { readonly seed: number; readonly failure: string }[];
  counts: Readonly<Record<string, number>>;
}

/** How often what is added up is saved. */
const SAVE_EVERY = 50;

const NETWORK_FAULTS = [
  'packet lost',
  'packet repeated',
  'packet cut off',
  'packet held up',
  'packet late',
];
const DISK_FAULTS = ['write torn', 'lied sync lost', 'power lost'];

export class Campaign {
  readonly #file: string | undefined;
  readonly #counts = new Counts();
  readonly #totals: Totals;
  readonly #startedAt = performance.now();
  readonly #realBefore: number;

  constructor(file: string | undefined) {
    this.#file = file;
    this.#totals =
      file !== undefined && existsSync(file)
        ? (JSON.parse(readFileSync(file, 'utf8')) as Totals) // written below
        : {
            seeds: 0,
            lastSeed: 0,
            virtualSeconds: 0,
            realSeconds: 0,
            events: 0,
            failures: [],
            counts: {},
          };
    this.#realBefore = this.#totals.realSeconds;
    this.#counts.addAll(this.#totals.counts);
  }

  /** The seed to go on with; `undefined` at the beginning. */
  get next(): number | undefined {
    return this.#totals.seeds === 0 ? undefined : this.#totals.lastSeed + 1;
  }

  get failures(): number {
    return this.#totals.failures.length;
  }

  add({ seed, failure, virtualSeconds, events, counts }: Report): void {
    const totals = this.#totals;
    totals.seeds += 1;
    totals.lastSeed = Math.max(totals.lastSeed, seed);
    totals.virtualSeconds += virtualSeconds;
    totals.events += events;
    if (failure !== undefined) totals.failures.push({ seed, failure });
    this.#counts.addAll(counts);
    if (totals.seeds % SAVE_EVERY === 0) this.save();
  }

  /** Replaces the file whole, since a run may be ended at any time. */
  save(): void {
    const totals = this.#totals;
    totals.realSeconds = this.#realBefore + (performance.now() - this.#startedAt) / 1000;
    totals.counts = this.#counts.toJSON();
    if (this.#file === undefined) return;
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, JSON.stringify(totals, undefined, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }

  summary(): string {
    const { seeds, virtualSeconds, realSeconds, events, failures } = this.#totals;
    const sum = (names: readonly string[]): number =>
      names.reduce((total, name) => total + this.#counts.get(name), 0);
    const counts = Object.entries(this.#counts.toJSON()).map(
      ([name, times]) => `  ${name.padEnd(40)} ${times}`,
    );
    return [
      ...counts,
      `${seeds} seeds, ${(virtualSeconds / 3600).toFixed(1)} virtual hours, ${events} events, ` +
        `${realSeconds.toFixed(0)} s (${(virtualSeconds / realSeconds).toFixed(0)} times as fast)`,
      `faults: ${sum(FAULT_NAMES)} of nodes and paths, ${sum(NETWORK_FAULTS)} of packets, ` +
        `${sum(DISK_FAULTS)} of writes`,
      `failures: ${failures.length}${failures
        .slice(0, 20)
        .map(({ seed, failure }) => `\n  seed ${seed}: ${failure.split('\n')[0]}`)
        .join('')}`,
    ].join('\n');
  }
}
