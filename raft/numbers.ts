// Arithmetic that keeps the unit of terms, indexes and rounds, and that does not overflow in silence.
import { invariant } from './invariant.ts';

/** Larger numbers are refused from others: no cluster gets there, and counting on from here stays exact. */
export const LARGEST_NUMBER = 2 ** 52;

export function plus<Unit extends number>(value: Unit, count: number): Unit {
  const sum = value + count;
  invariant(Number.isSafeInteger(sum), 'terms and indexes are whole numbers that can be counted');
  // A sum has the unit of what was counted on.
  return sum as Unit;
}

export function least<Unit extends number>(one: Unit, other: Unit): Unit {
  return one < other ? one : other;
}

export function most<Unit extends number>(one: Unit, other: Unit): Unit {
  return one > other ? one : other;
}
