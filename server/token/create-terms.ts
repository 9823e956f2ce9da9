// How long a new token lives, how often and from where it may be used: what was asked for, and what a role says to it.
import type { Millis } from '#sdk/clock.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import { assert, badRequest } from '#sdk/errors.ts';
import type { LeaseLimits } from '../mount/table.ts';
import type { AskedTtls, CreateData } from './create-fields.ts';
import type { TokenRole } from './role.ts';
import { calculateTtl } from './ttl.ts';

type Warn = (message: string) => void;

/** @throws ClientError 400 for a type that is none, and for a batch token with what it cannot have */
export function chooseType(data: CreateData, role: TokenRole | undefined): 'service' | 'batch' {
  const type = typeOf(data.type, role);
  if (type === 'service') return type;
  const wrong = (
    [
      ['explicit_max_ttl', data.explicit_max_ttl !== ''],
      ['num_uses', data.num_uses !== 0],
      ['period', data.period !== ''],
    ] as const
  ).find(([, isSet]) => isSet);
  if (wrong === undefined) return type;
  throw badRequest(`batch tokens cannot have "${wrong[0]}" set`);
}

/** `service` and `batch` of a role cannot be overruled. */
function typeOf(asked: string, role: TokenRole | undefined): 'service' | 'batch' {
  if (asked !== '' && asked !== 'service' && asked !== 'batch') {
    throw badRequest("invalid 'token_type' value");
  }
  const type = role?.token_type;
  if (type === 'service' || type === 'batch') return type;
  if (asked !== '') return asked;
  return type === 'default-batch' ? 'batch' : 'service';
}

/** The lesser of both; a role that says nothing leaves it to the request. */
export function chooseUses(asked: number, role: TokenRole | undefined): number {
  if (asked < 0) throw badRequest('number of uses cannot be negative');
  const ofRole = role?.token_num_uses ?? 0;
  if (ofRole === 0 || asked === 0) return asked === 0 ? ofRole : asked;
  return Math.min(asked, ofRole);
}

export interface TtlWish {
  readonly asked: AskedTtls;
  readonly role: TokenRole | undefined;
  readonly isRoot: boolean;
  readonly now: Millis;
  readonly limits: LeaseLimits;
}

/** @returns the lifetime; 0 for a root token that does not end */
export function chooseTtl({ asked, role, isRoot, now, limits }: TtlWish, warn: Warn): Seconds {
  const explicitMaxTtl = lesser(
    'Explicit max TTL',
    [asked.explicitMaxTtl, role?.token_explicit_max_ttl],
    warn,
  );
  const period = lesser('Period', [asked.period, role?.token_period], warn);
  if (isRoot && period === 0 && asked.ttl === 0) return explicitMaxTtl;
  const [increment, maxTtl] = [seconds(0), seconds(0)];
  const request = { increment, ttl: asked.ttl, maxTtl, explicitMaxTtl, period, start: now, now };
  const result = calculateTtl(request, limits);
  assert(result !== undefined, 'what begins now has not reached its end');
  result.warnings.forEach(warn);
  return result.ttl;
}

function lesser(
  what: string,
  [asked, ofRole = seconds(0)]: readonly [Seconds, Seconds | undefined],
  warn: Warn,
): Seconds {
  if (asked === 0 || ofRole === 0) return asked === 0 ? ofRole : asked;
  const used = seconds(Math.min(asked, ofRole));
  warn(
    `${what} specified both during creation call and in role; using the lesser value of ${used} seconds`,
  );
  return used;
}
