// How users are kept: one record for each, under the name in lower case.
import { NO_TOKEN_FIELDS } from '#sdk/token-fields.ts';
import type { OldNames, TokenSettings } from '#sdk/old-token-fields.ts';
import type { Storage } from '#sdk/storage.ts';

export interface User extends TokenSettings {
  readonly passwordHash: string;
}

/** What a user has before anything is said. */
export const NO_SETTINGS: TokenSettings = { fields: NO_TOKEN_FIELDS, oldNames: [] };

export const OLD_NAMES = {
  policies: 'token_policies',
  ttl: 'token_ttl',
  max_ttl: 'token_max_ttl',
  bound_cidrs: 'token_bound_cidrs',
} as const satisfies OldNames;

const USERS = 'users/';

export function readUser(storage: Storage, username: string): User | undefined {
  return storage.get<User>(keyOf(username));
}

export function writeUser(storage: Storage, username: string, user: User): void {
  storage.put(keyOf(username), user);
}

export function removeUser(storage: Storage, username: string): void {
  storage.delete(keyOf(username));
}

export function listUsers(storage: Storage): readonly string[] {
  return storage.list(USERS);
}

/** Fields have names in lower case; what a policy is asked about has them as they stand in the URL. */
function keyOf(username: string): string {
  return USERS + username.toLowerCase();
}
