// auth/token/roles: the roles that tokens can be made from.
import type { MountFacts } from '#sdk/call.ts';
import type { Seconds } from '#sdk/duration.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { boolean, commaList, duration, integer, name, text } from '#sdk/field.ts';
import { pathFor, type Data } from '#sdk/path.ts';
import { sanitizePolicies } from '#sdk/policies.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { decodeBlock } from '#sdk/token-fields.ts';
import { decodeTokenType, type TokenType } from '#sdk/token-type.ts';
import type { System } from '../sys/system.ts';
import {
  deleteRole,
  NEW_ROLE,
  OLD_NAMES,
  readRole,
  roleNames,
  writeRole,
  type OldName,
  type TokenRole,
} from './role.ts';

const path = pathFor<System>();

const fields = {
  role_name: name('Name of the role'),
  allowed_policies: commaList('The only policies that tokens of the role may be given'),
  disallowed_policies: commaList('Policies that tokens of the role may not be given'),
  allowed_policies_glob: commaList('The same as allowed_policies, with * for any text'),
  disallowed_policies_glob: commaList('The same as disallowed_policies, with * for any text'),
  allowed_entity_aliases: commaList('The entity aliases that a request may name; * for any text'),
  orphan: boolean('Tokens of the role have no parent'),
  renewable: boolean('Tokens of the role can be renewed'),
  path_suffix: text('Ends the path of the tokens, so that they can be revoked by it'),
  period: duration('The old name of token_period'),
  explicit_max_ttl: duration('The old name of token_explicit_max_ttl'),
  bound_cidrs: commaList('The old name of token_bound_cidrs'),
  token_bound_cidrs: commaList('Addresses or blocks of addresses that the tokens may be used from'),
  token_explicit_max_ttl: duration('A lifetime that no renewal can exceed'),
  token_period: duration('Makes the tokens periodic: each renewal gives them this lifetime'),
  token_num_uses: integer('How often a token may be used; 0 means without limit'),
  token_no_default_policy: boolean('Leaves the policy "default" away'),
  token_type: text('The type of the tokens: service, batch, default-service or default-batch'),
} as const;

type Sent = Data<'roles/{role_name}', typeof fields>;

export const roleList = path('roles/', {
  help: 'This endpoint lists configured roles.',
  fields: {},
  operations: {
    list: {
      standby: 'serve',
      summary: 'List the roles',
      handler: ({ storage }) => listReply(roleNames(storage)),
    },
  },
});

export const roles = path('roles/{role_name}', {
  help: `Lists, creates, reads and deletes token roles

  A role says what tokens made from it may be asked for, and what they are given besides.`,
  fields,
  exists: ({ storage, data }) => readRole(storage, data.role_name) !== undefined,
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read a role',
      handler: ({ storage, data: { role_name } }) => {
        const role = readRole(storage, role_name);
        return role && reply(shownRole(role_name, role));
      },
    },
    write: {
      summary: 'Create or update a role',
      handler: ({ storage, mount, data, warn }) => {
        const before = readRole(storage, data.role_name) ?? NEW_ROLE;
        const after = updateRole(before, data);
        writeRole(storage, data.role_name, after);
        const warnings = warningsOf(data, after, mount);
        warnings.forEach(warn);
        return warnings.length === 0 ? undefined : reply(null);
      },
    },
    delete: {
      summary: 'Delete a role; its tokens can no longer be renewed',
      handler: ({ storage, data }) => {
        deleteRole(storage, data.role_name);
        return undefined;
      },
    },
  },
});

function shownRole(role_name: string, { oldNames, ...role }: TokenRole) {
  const { token_bound_cidrs, token_num_uses, ...always } = role;
  const isOld = (old: OldName): boolean => oldNames.includes(old);
  const blocks = isOld('bound_cidrs')
    ? { bound_cidrs: token_bound_cidrs, token_bound_cidrs }
    : { token_bound_cidrs };
  return {
    ...always,
    name: role_name,
    period: isOld('period') ? role.token_period : 0,
    explicit_max_ttl: isOld('explicit_max_ttl') ? role.token_explicit_max_ttl : 0,
    ...(token_bound_cidrs.length === 0 ? {} : blocks),
    ...(token_num_uses === 0 ? {} : { token_num_uses }),
  };
}

/** What was not sent stays. */
function updateRole(before: TokenRole, sent: Sent): TokenRole {
  const after: TokenRole = {
    ...before,
    ...updateLists(before, sent),
    orphan: sent.orphan ?? before.orphan,
    renewable: sent.renewable ?? before.renewable,
    path_suffix: sent.path_suffix ?? before.path_suffix,
    token_num_uses: sent.token_num_uses ?? before.token_num_uses,
    token_no_default_policy: sent.token_no_default_policy ?? before.token_no_default_policy,
    token_type: sent.token_type === undefined ? before.token_type : typeOf(sent.token_type),
    token_period: sent.token_period ?? sent.period ?? before.token_period,
    token_explicit_max_ttl:
      sent.token_explicit_max_ttl ?? sent.explicit_max_ttl ?? before.token_explicit_max_ttl,
    oldNames: updateOldNames(before.oldNames, sent),
  };
  checkRole(after);
  return after;
}

function updateLists(before: TokenRole, sent: Sent) {
  const blocks = sent.token_bound_cidrs ?? sent.bound_cidrs;
  return {
    allowed_policies: policies(sent.allowed_policies) ?? before.allowed_policies,
    allowed_policies_glob: policies(sent.allowed_policies_glob) ?? before.allowed_policies_glob,
    disallowed_policies: lowered(sent.disallowed_policies) ?? before.disallowed_policies,
    disallowed_policies_glob:
      lowered(sent.disallowed_policies_glob) ?? before.disallowed_policies_glob,
    allowed_entity_aliases: lowered(sent.allowed_entity_aliases) ?? before.allowed_entity_aliases,
    token_bound_cidrs: blocks === undefined ? before.token_bound_cidrs : blocks.map(blockOf),
  };
}

const policies = (list: readonly string[] | undefined) => list && sanitizePolicies(list);

/** Small letters, sorted, each once. Unlike policies that are given, `root` stays beside others that are forbidden. */
function lowered(list: readonly string[] | undefined): readonly string[] | undefined {
  if (list === undefined) return undefined;
  return [...new Set(list.map((item) => item.toLowerCase()))].toSorted();
}

function typeOf(sent: string): TokenType {
  const type = decodeTokenType(sent);
  return type === 'default' ? 'default-service' : type;
}

function blockOf(sent: string): string {
  try {
    return decodeBlock(sent);
  } catch (error) {
    throw error instanceof ClientError ? roleError(error.message) : error;
  }
}

function updateOldNames(before: readonly OldName[], sent: Sent): readonly OldName[] {
  const names = Object.keys(OLD_NAMES) as OldName[]; // the keys of the table
  return names.filter((old) => {
    if (sent[OLD_NAMES[old]] !== undefined) return false;
    return sent[old] !== undefined || before.includes(old);
  });
}

/** At least three characters that can stand in a path. */
const PATH_SUFFIX = /^\w[\w.-]+\w$/;

function checkRole(role: TokenRole): void {
  if (role.path_suffix !== '' && !PATH_SUFFIX.test(role.path_suffix)) {
    throw badRequest(
      String.raw`given role path suffix contains invalid characters; must match \w[\w-.]+\w`,
    );
  }
  if (role.token_num_uses < 0) throw roleError("'token_num_uses' cannot be negative");
  if (role.token_type === 'batch') checkBatchRole(role);
}

function checkBatchRole(role: TokenRole): void {
  const wrong: readonly (readonly [boolean, string])[] = [
    [!role.orphan, 'non-orphan tokens'],
    [role.token_period !== 0, 'periodic tokens'],
    [role.renewable, 'renewable tokens'],
    [role.token_explicit_max_ttl !== 0, 'tokens with an explicit max TTL'],
  ];
  const found = wrong.find(([isWrong]) => isWrong);
  if (found === undefined) return;
  throw badRequest(`'token_type' cannot be 'batch' when role is set to generate ${found[1]}`);
}

const roleError = (message: string): ClientError =>
  badRequest(`error parsing role fields: ${message}`);

function warningsOf(sent: Sent, role: TokenRole, { maxLeaseTtl }: MountFacts): readonly string[] {
  const both = Object.entries(OLD_NAMES)
    .filter(([old, current]) => sent[old as OldName] !== undefined && sent[current] !== undefined)
    .map(
      ([old, current]) =>
        `Both '${current}' and deprecated '${old}' value supplied, ignoring the deprecated value`,
    );
  return [...both, ...tooLong(role.token_explicit_max_ttl, maxLeaseTtl)];
}

function tooLong(explicit: Seconds, allowed: Seconds): readonly string[] {
  if (explicit <= allowed) return [];
  return [
    `Given explicit max TTL of ${explicit} is greater than system/mount allowed value of ${allowed} seconds; until this is fixed attempting to create tokens against this role will result in an error`,
  ];
}
