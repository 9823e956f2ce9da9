// What a client may ask of a new token, and what of it is refused before anything else is looked at.
import { parseDurationExact, seconds, type Seconds } from '#sdk/duration.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { boolean, integer, list, pairs, text } from '#sdk/field.ts';
import type { Data } from '#sdk/path.ts';

export const createFields = {
  id: text('The token itself, in the place of a random one; needs sudo').default(''),
  policies: list('Policies of the token; those of the parent when there are none'),
  meta: pairs('Metadata that lookups and audit entries show'),
  no_parent: boolean('Makes an orphan; needs sudo').default(false),
  no_default_policy: boolean('Leaves the policy "default" away').default(false),
  renewable: boolean('Whether the token can be renewed').default(true),
  lease: text('The old name of ttl').default(''),
  ttl: text('The lifetime of the token at first').default(''),
  explicit_max_ttl: text('A lifetime that no renewal can exceed').default(''),
  display_name: text('Shown in audit entries and lookups, behind "token-"').default(''),
  num_uses: integer('How often the token may be used; 0 means without limit').default(0),
  period: text('Makes the token periodic: each renewal gives it this lifetime; needs sudo').default(
    '',
  ),
  type: text('The type of the token: service or batch').default(''),
  entity_alias: text('The alias of the entity that the token is of; needs a role').default(''),
} as const;

export type CreateData = Data<'create', typeof createFields>;

/** Header and lookup take no longer token. */
const ID_LETTERS_MAX = 8192;

/** The lifetimes that were asked for; 0 for those that were not. */
export interface AskedTtls {
  readonly ttl: Seconds;
  readonly period: Seconds;
  readonly explicitMaxTtl: Seconds;
}

/** @throws ClientError 400 */
export function askedTtls(data: CreateData): AskedTtls {
  const explicitMaxTtl = positive('explicit_max_ttl', data.explicit_max_ttl);
  const period = positive('period', data.period);
  const ttl = data.ttl === '' ? positive('lease', data.lease) : positive('ttl', data.ttl);
  return { ttl, period, explicitMaxTtl };
}

/** Whole seconds; what is more than nothing is at least one, because 0 would mean the default. */
function positive(field: string, sent: string): Seconds {
  const exact = parse(sent);
  if (exact < 0) throw badRequest(`${field} must be positive`);
  return exact === 0 ? seconds(0) : seconds(Math.max(1, Math.floor(exact)));
}

function parse(sent: string): number {
  try {
    return parseDurationExact(sent);
  } catch (cause) {
    // The words are Go's, and clients show them: they quote a duration, which is no secret.
    throw new ClientError(400, cause instanceof Error ? cause.message : 'invalid duration', {
      cause,
    });
  }
}

const FORBIDDEN = /[^\w-]+/g;

/** Words of letters, digits and dashes, whatever else was between them. */
export function displayNameOf(asked: string): string {
  if (asked === '') return 'token';
  return `token-${asked}`.replaceAll(FORBIDDEN, '-').replace(/-$/, '');
}

/** @throws ClientError 400 for an id that could be taken for one of the server's own making */
export function checkId(id: string): void {
  if (id.startsWith('hvs.')) throw badRequest("custom token ID cannot have the 'hvs.' prefix");
  if (id.includes('.')) throw badRequest("custom token ID cannot have a '.' in the value");
  if (id.length > ID_LETTERS_MAX) throw badRequest('custom token ID is too long');
}
