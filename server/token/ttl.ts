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
  /** At least a second. */
  readonly ttl: Seconds;
  readonly warnings: readonly string[];
}

/** What Vault says of a renewal that `calculateTtl` has no lifetime for. */
export const PAST_MAXIMUM = 'past the max TTL, cannot renew';

/** The lifetime from now on; `undefined` when less than a second is left of the maximum. */
export function calculateTtl(request: TtlRequest, limits: LeaseLimits): TtlResult | undefined {
  return request.period > 0 ? periodic(request, limits) : ordinary(request, limits);
}

function ordinary(request: TtlRequest, limits: LeaseLimits): TtlResult | undefined {
  const { increment, ttl, start, now } = request;
  const asked = [increment, ttl].find((wish) => wish > 0) ?? limits.defaultLeaseTtl;
  return within(asked, remaining(start, maximum(request, limits), now), []);
}

/** A periodic token lives a whole period from each renewal, whatever the maximum; only its explicit maximum ends it. */
function periodic(request: TtlRequest, limits: LeaseLimits): TtlResult | undefined {
  const { period, explicitMaxTtl, start, now } = request;
  const ceiling = maximum(request, limits);
  const [given, warnings] =
    period > ceiling ? [ceiling, [capped('period', period, ceiling)]] : [period, []];
  if (explicitMaxTtl <= 0) return { ttl: given, warnings };
  return within(given, remaining(start, explicitMaxTtl, now), warnings);
}

/** The largest lifetime in all, by whoever allows the least. */
function maximum({ maxTtl, explicitMaxTtl }: TtlRequest, { maxLeaseTtl }: LeaseLimits): Seconds {
  return seconds(Math.min(...[maxLeaseTtl, maxTtl, explicitMaxTtl].filter((limit) => limit > 0)));
}

/** Whole seconds only, so that nothing that is nearly over is rounded up to more than it has. */
const remaining = (start: Millis, limit: Seconds, now: Millis): Seconds =>
  seconds(Math.floor(limit - (now - start) / 1000));

function within(asked: Seconds, left: Seconds, warnings: readonly string[]): TtlResult | undefined {
  if (left < 1) return undefined;
  if (asked <= left) return { ttl: asked, warnings };
  return { ttl: left, warnings: [...warnings, capped('TTL', asked, left)] };
}

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
