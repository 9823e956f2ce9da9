// The only source of time. Tests hand in one that they advance.

/** Milliseconds since the Unix epoch, or a span of them. */
export type Millis = number & { readonly unit: 'millis' };

export interface Clock {
  now(): Millis;
  /** Calls `action` once after `delay`; the answer cancels it. A timer never keeps the process alive. */
  after(delay: Millis, action: () => void): () => void;
}

export const millis = (value: number): Millis => value as Millis;

/** RFC 3339 in UTC with the nanoseconds that Go prints, of which the clock knows the first three digits. */
export function formatTime(time: Millis): string {
  const text = new Date(time).toISOString(); // always with three digits behind the point
  if (!text.endsWith('0Z')) return text;
  return text.endsWith('.000Z')
    ? `${text.slice(0, -5)}Z`
    : `${text.slice(0, -1).replace(/0+$/, '')}Z`;
}
