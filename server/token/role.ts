// A token role: what tokens made from it are given, and what may be asked of it.
import { seconds, type Seconds } from '#sdk/duration.ts';
import type { Storage } from '#sdk/storage.ts';
import type { TokenType } from '#sdk/token-type.ts';

const PREFIX = 'roles/';

/** As it is stored and shown. */
export interface TokenRole {
  readonly allowed_policies: readonly string[];
  readonly disallowed_policies: readonly string[];
  readonly allowed_policies_glob: readonly string[];
  readonly disallowed_policies_glob: readonly string[];
  /** `null` when it was never set. */
  readonly allowed_entity_aliases: readonly string[] | null;
  readonly orphan: boolean;
  readonly renewable: boolean;
  readonly path_suffix: string;
  readonly token_bound_cidrs: readonly string[];
  readonly token_explicit_max_ttl: Seconds;
  readonly token_period: Seconds;
  readonly token_num_uses: number;
  readonly token_no_default_policy: boolean;
  readonly token_type: TokenType;
  /** The parameters that were last set by the names of old: a read shows them by both. */
  readonly oldNames: readonly OldName[];
}

/** What `period`, `explicit_max_ttl` and `bound_cidrs` are called now. */
export const OLD_NAMES = {
  period: 'token_period',
  explicit_max_ttl: 'token_explicit_max_ttl',
  bound_cidrs: 'token_bound_cidrs',
} as const;
export type OldName = keyof typeof OLD_NAMES;

export const NEW_ROLE: TokenRole = {
  allowed_policies: [],
  disallowed_policies: [],
  allowed_policies_glob: [],
  disallowed_policies_glob: [],
  allowed_entity_aliases: null,
  orphan: false,
  renewable: true,
  path_suffix: '',
  token_bound_cidrs: [],
  token_explicit_max_ttl: seconds(0),
  token_period: seconds(0),
  token_num_uses: 0,
  token_no_default_policy: false,
  token_type: 'default-service',
  oldNames: [],
};

/** @param storage that of the mount auth/token */
export function readRole(storage: Storage, name: string): TokenRole | undefined {
  return storage.get<TokenRole>(PREFIX + name);
}

export function writeRole(storage: Storage, name: string, role: TokenRole): void {
  storage.put(PREFIX + name, role);
}

export function deleteRole(storage: Storage, name: string): void {
  storage.delete(PREFIX + name);
}

export const roleNames = (storage: Storage): readonly string[] => storage.list(PREFIX);
