// How long a token or lease lives: what was asked for, cut by what the mount, the system and the token itself allow.
import { millis, type Millis } from '#sdk/clock.ts';
import { formatShortDuration, seconds, type Seconds } from '#sdk/duration.ts';
import type { LeaseLimits } from '../mount/table.ts';

/** What was asked for; 0 leaves it to the next in line. */
export interface TtlRequest {
  /** What the caller asks for now. */
  readonly increment: Seconds;
  /** What the role or user says. */
  readonly ttl: Seconds;
  readonly maxTtl: Seconds;
  readonly explicitMaxTtl: Seconds;
  readonly period: Seconds;
  /** When the first lifetime began. */
  readonly start: Millis;
  readonly now: Millis;
}

export interface TtlResult {
  readonly ttl: Seconds;
  readonly warnings: readonly string[];
}

/**
 * The lifetime from now on.
 *
 * @returns a ttl of zero or less when the maximum has been reached
 */
export function calculateTtl(request: TtlRequest, limits: LeaseLimits): TtlResult {
  return request.period > 0 ? periodic(request, limits) : ordinary(request, limits);
}

/** The largest lifetime in all, by whoever allows the least. */
function maximum({ maxTtl, explicitMaxTtl }: TtlRequest, limits: LeaseLimits): Seconds {
  const given = [limits.maxLeaseTtl, maxTtl, explicitMaxTtl].filter((limit) => limit > 0);
  return seconds(Math.min(...given));
}

function ordinary(request: TtlRequest, limits: LeaseLimits): TtlResult {
  const { increment, ttl, start, now } = request;
  const asked = [increment, ttl, limits.defaultLeaseTtl].find((wish) => wish > 0) ?? seconds(0);
  const limit = maximum(request, limits);
  const left = remaining(start, limit, now);
  if (asked <= left) return { ttl: asked, warnings: [] };
  return { ttl: left, warnings: [capped('TTL', asked, left)] };
}

/** A periodic token lives a whole period from each renewal, whatever the maximum; only its explicit maximum ends it. */
function periodic(request: TtlRequest, limits: LeaseLimits): TtlResult {
  const { period, explicitMaxTtl, start, now } = request;
  const ceiling = limits.maxLeaseTtl;
  const [given, warnings] =
    period > ceiling ? [ceiling, [capped('period', period, ceiling)]] : [period, []];
  if (explicitMaxTtl === 0) return { ttl: given, warnings };
  const left = remaining(start, explicitMaxTtl, now);
  if (given <= left) return { ttl: given, warnings };
  return { ttl: left, warnings: [...warnings, capped('TTL', given, left)] };
}

const remaining = (start: Millis, limit: Seconds, now: Millis): Seconds =>
  seconds(Math.floor(limit - (now - start) / 1000));

function capped(what: 'TTL' | 'period', asked: Seconds, effective: Seconds): string {
  const [from, to] = [formatShortDuration(asked), formatShortDuration(effective)];
  return `${what} of "${from}" exceeded the effective max_ttl of "${to}"; ${what} value is capped accordingly`;
}

/** The moment that is `ttl` from `now`. */
export const endOf = (now: Millis, ttl: Seconds): Millis => millis(now + ttl * 1000);

/** Whole seconds until a moment, never negative. */
export function secondsUntil(end: Millis, now: Millis): Seconds {
  return seconds(Math.max(0, Math.ceil((end - now) / 1000)));
}
