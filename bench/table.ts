// The numbers of a run as text.
import os from 'node:os';
import type { Measured } from './load.ts';

/** What was measured, workload by workload. */
export type Results = ReadonlyMap<string, Measured>;

const HEADS: readonly (readonly [string, number])[] = [
  ['req/s', 9],
  ['cpu us', 8],
  ['x bare', 7],
  ['p50 ms', 8],
  ['p99 ms', 8],
  ['max ms', 9],
  ['failed', 7],
  ['MiB', 6],
];
const NAME_WIDTH = 26;

export function bareLine(bare: Measured): string {
  const cores = `${os.availableParallelism()} cores shared with the load`;
  const cost = `${bare.rate.toFixed(0)} req/s, ${bare.micros.toFixed(0)} us of processor a request`;
  return `${cores}; a bare node:http server: ${cost}`;
}

/** One row for each workload and program; of a second program what it is of the first. */
export function tableLines(programs: readonly Results[], bare: Measured): readonly string[] {
  const [first = new Map<string, Measured>()] = programs;
  const ratios = programs.length > 1 ? '   req/s, cpu, p99 (second / first)' : '';
  const head = `${row(
    'workload',
    HEADS.map(([name]) => name),
  )}${ratios}`;
  const rows = [...first].flatMap(([name, base]) =>
    programs.map((results, index) => {
      const measured = results.get(name) ?? base;
      const cells = row(index === 0 ? name : '', cellsOf(measured, bare));
      return index === 0 ? cells : `${cells}   ${ratiosOf(measured, base)}`;
    }),
  );
  return [head, ...rows];
}

function row(name: string, cells: readonly string[]): string {
  const padded = cells.map((cell, index) => cell.padStart(HEADS[index]?.[1] ?? 0));
  return [name.padEnd(NAME_WIDTH), ...padded].join(' ');
}

function cellsOf(measured: Measured, bare: Measured): readonly string[] {
  return [
    measured.rate.toFixed(0),
    measured.micros.toFixed(0),
    (measured.micros / bare.micros).toFixed(1),
    measured.p50.toFixed(2),
    measured.p99.toFixed(2),
    measured.max.toFixed(1),
    String(measured.failed),
    measured.memory.toFixed(0),
  ];
}

function ratiosOf(measured: Measured, base: Measured): string {
  const pairs = [
    [measured.rate, base.rate],
    [measured.micros, base.micros],
    [measured.p99, base.p99],
  ] as const;
  return pairs.map(([one, other]) => `${(one / other).toFixed(2)}x`).join('  ');
}
