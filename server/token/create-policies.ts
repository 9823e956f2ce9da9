// Which policies a new token is given: what was asked for, what the parent has, and what a role lets through.
import { badRequest } from '#sdk/errors.ts';
import { matchesGlob } from '#sdk/glob.ts';
import { sanitizePolicies } from '#sdk/policies.ts';
import { NON_ASSIGNABLE_POLICIES } from '../policy/names.ts';
import { addDefault, DEFAULT } from './policy-names.ts';
import type { TokenRole } from './role.ts';

type Names = readonly string[];

export interface PolicyWish {
  /** As they were sent; empty when nothing was asked for. */
  readonly asked: Names;
  readonly noDefault: boolean;
  readonly parent: Names;
  readonly role: TokenRole | undefined;
  readonly hasSudo: boolean;
}

/**
 * The policies of the token. Root is decided on the canonical names, so that no spelling steps around the rules.
 *
 * @throws ClientError 400 when they may not be given
 */
export function choosePolicies(wish: PolicyWish): Names {
  const { noDefault, parent, role } = wish;
  const chosen = role !== undefined && hasLists(role) ? byRole(wish, role) : byParent(wish);
  const isBare = noDefault || role?.token_no_default_policy === true;
  const policies = isBare ? chosen.filter((name) => name !== DEFAULT) : chosen;
  const forbidden = policies.find((name) => NON_ASSIGNABLE_POLICIES.includes(name));
  if (forbidden !== undefined) throw badRequest(`cannot assign policy "${forbidden}"`);
  if (policies.includes('root') && !parent.includes('root')) {
    throw badRequest('root tokens may not be created without parent token being root');
  }
  return policies;
}

/** Without a role that says otherwise, nobody but sudo gives what it has not got. */
function byParent({ asked, noDefault, parent, hasSudo }: PolicyWish): Names {
  if (asked.length === 0) return sanitizePolicies(parent);
  const wanted = sanitizePolicies(asked);
  if (hasSudo) return noDefault ? wanted : addDefault(wanted);
  const owned = sanitizePolicies(parent);
  if (!wanted.every((name) => owned.includes(name))) {
    throw badRequest('child policies must be subset of parent');
  }
  return !noDefault && owned.includes(DEFAULT) ? addDefault(wanted) : wanted;
}

const hasLists = (role: TokenRole): boolean =>
  role.allowed_policies.length > 0 ||
  role.allowed_policies_glob.length > 0 ||
  role.disallowed_policies.length > 0 ||
  role.disallowed_policies_glob.length > 0;

/** A role with lists decides alone: its tokens may have policies that the parent has not. */
function byRole({ asked, noDefault, parent }: PolicyWish, role: TokenRole): Names {
  const isBare = noDefault || role.token_no_default_policy || isDisallowed(role, DEFAULT);
  const sanitize = isBare ? sanitizePolicies : addDefault;
  const wanted = asked.length === 0 ? [] : sanitize(asked);
  const chosen = allowedByRole(wanted, role, parent, sanitize);
  const refused = chosen.find((name) => isDisallowed(role, name));
  if (refused === undefined) return chosen;
  throw badRequest(`token policy "${refused}" is disallowed by this role`);
}

function allowedByRole(
  wanted: Names,
  role: TokenRole,
  parent: Names,
  sanitize: (names: Names) => Names,
): Names {
  const globs = role.allowed_policies_glob;
  if (role.allowed_policies.length === 0 && globs.length === 0) {
    return wanted.length === 0 ? sanitize(parent) : wanted;
  }
  const allowed = sanitize(role.allowed_policies);
  if (wanted.length === 0) return allowed;
  const fits = (name: string): boolean => allowed.includes(name) || matchesAny(globs, name);
  if (wanted.every(fits)) return wanted;
  throw badRequest(
    `token policies (${quoted(wanted)}) must be subset of the role's allowed policies (${quoted(allowed)}) or glob policies (${quoted(globs)})`,
  );
}

const isDisallowed = (role: TokenRole, name: string): boolean =>
  role.disallowed_policies.includes(name) || matchesAny(role.disallowed_policies_glob, name);

const matchesAny = (globs: Names, name: string): boolean =>
  globs.some((glob) => matchesGlob(glob, name));

/** As Go prints a list of texts. */
const quoted = (names: Names): string => `[${names.map((name) => JSON.stringify(name)).join(' ')}]`;
