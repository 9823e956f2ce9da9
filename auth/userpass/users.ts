// Users: created, changed in part, read without their passwords, listed, deleted.
import type { Call } from '#sdk/call.ts';
import { badRequest, serverError } from '#sdk/errors.ts';
import { commaList, duration, lowerText, sensitive } from '#sdk/field.ts';
import { shownTokenFields, updateOldNames } from '#sdk/old-token-fields.ts';
import { pathFor } from '#sdk/path.ts';
import { sanitizePolicies } from '#sdk/policies.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { tokenFields, updateTokenFields, type SentTokenFields } from '#sdk/token-fields.ts';
import { checkHash, type Passwords } from './passwords.ts';
import {
  listUsers,
  NO_SETTINGS,
  OLD_NAMES,
  readUser,
  removeUser,
  writeUser,
  type User,
} from './store.ts';

const path = pathFor<Passwords>();

interface Named {
  readonly username: string;
}
interface SentPassword {
  readonly password: string | undefined;
  readonly password_hash: string | undefined;
}
interface SentPolicies {
  readonly policies: readonly string[] | undefined;
  readonly token_policies: readonly string[] | undefined;
}
type SentUser = Named & SentPassword & SentTokenFields & Readonly<Record<string, unknown>>;

const username = lowerText('The name of the user; small and capital letters are the same');
const password = sensitive('The password of the user');
const password_hash = sensitive('A bcrypt hash of the password, in its place');
const policies = commaList('The old name of token_policies');

export const users = path('users/', {
  help: 'List users',
  fields: {},
  operations: {
    list: {
      standby: 'serve',
      summary: 'List users',
      handler: ({ storage }) => listReply(listUsers(storage)),
    },
  },
});

export const user = path('users/{username}', {
  help: `Create, change, read and delete a user

  A change leaves what is not sent. Tokens of earlier logins stay when a user is deleted.`,
  fields: {
    username,
    password,
    password_hash,
    policies,
    ttl: duration('The old name of token_ttl'),
    max_ttl: duration('The old name of token_max_ttl'),
    bound_cidrs: commaList('The old name of token_bound_cidrs'),
    ...tokenFields,
  },
  exists: ({ storage, data }) => readUser(storage, data.username) !== undefined,
  operations: {
    read: { standby: 'serve', summary: 'Read a user', handler: read },
    write: { summary: 'Create or change a user', handler: write },
    delete: { summary: 'Delete a user', handler: remove },
  },
});

export const userPassword = path('users/{username}/password', {
  help: 'Change the password of a user',
  fields: { username, password, password_hash },
  operations: { write: { summary: 'Change the password of a user', handler: writePassword } },
});

export const userPolicies = path('users/{username}/policies', {
  help: 'Change the policies of a user',
  fields: { username, policies, token_policies: tokenFields.token_policies },
  operations: { write: { summary: 'Change the policies of a user', handler: writePolicies } },
});

function read({ storage, data }: Call<Passwords, Named>) {
  const kept = readUser(storage, data.username);
  return kept && reply(shownTokenFields(OLD_NAMES, kept));
}

async function write({ engine, storage, data }: Call<Passwords, SentUser>): Promise<undefined> {
  const before = readUser(storage, data.username);
  const { fields, oldNames } = before ?? NO_SETTINGS;
  const followed = { fields: updateTokenFields(fields, data), oldNames };
  const settings = updateOldNames(OLD_NAMES, followed, data);
  const passwordHash = isPasswordSent(data) ? await hashOf(engine, data) : before?.passwordHash;
  if (passwordHash === undefined) throw badRequest('missing password');
  writeUser(storage, data.username, { ...settings, passwordHash });
}

function remove({ storage, data }: Call<Passwords, Named>): undefined {
  removeUser(storage, data.username);
}

async function writePassword({
  engine,
  storage,
  data,
}: Call<Passwords, Named & SentPassword>): Promise<undefined> {
  const kept = requireUser(readUser(storage, data.username));
  writeUser(storage, data.username, { ...kept, passwordHash: await hashOf(engine, data) });
}

function writePolicies({ storage, data }: Call<Passwords, Named & SentPolicies>): undefined {
  const kept = requireUser(readUser(storage, data.username));
  const sent = data.token_policies ?? data.policies;
  if (sent === undefined) return;
  const others = kept.oldNames.filter((name) => name !== 'policies');
  writeUser(storage, data.username, {
    ...kept,
    fields: { ...kept.fields, token_policies: sanitizePolicies(sent) },
    oldNames: data.policies === undefined ? others : [...others, 'policies'],
  });
}

/** @throws ClientError 500, as Vault has it */
function requireUser(kept: User | undefined): User {
  if (kept === undefined) throw serverError('username does not exist');
  return kept;
}

function isPasswordSent({ password: plain, password_hash: hash }: SentPassword): boolean {
  return plain !== undefined || hash !== undefined;
}

/** The hash to keep for what was sent: a password, or the hash of one. */
async function hashOf(
  passwords: Passwords,
  { password: plain = '', password_hash: hash = '' }: SentPassword,
): Promise<string> {
  if (plain === '' && hash === '') throw badRequest('missing password');
  if (plain !== '' && hash !== '') {
    throw badRequest('only one of "password" and "password_hash" can be supplied');
  }
  return hash === '' ? passwords.hash(plain) : checkHash(hash);
}
