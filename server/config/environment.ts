// Environment variables that go before the configuration file.
import type { MainSettings } from './main.ts';
import type { Storage } from './storage.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names in the order in which they count; the later ones are from before Vault 0.7. */
const VARIABLES = {
  api_addr: ['VAULT_API_ADDR', 'VAULT_REDIRECT_ADDR', 'VAULT_ADVERTISE_ADDR'],
  cluster_addr: ['VAULT_CLUSTER_ADDR'],
  log_level: ['VAULT_LOG_LEVEL'],
  log_format: ['VAULT_LOG_FORMAT'],
} as const satisfies Partial<Record<keyof MainSettings, readonly string[]>>;

export function fromEnvironment(env: Environment): Partial<MainSettings> {
  const given = Object.entries(VARIABLES).flatMap(([setting, names]) => {
    const value = firstOf(env, names);
    return value === undefined ? [] : [[setting, value] as const];
  });
  return Object.fromEntries(given);
}

/** Raft storage with the node's own name and folder, which differ from node to node of one file. */
export function withNodeOf(env: Environment, storage: Storage | undefined): Storage | undefined {
  if (storage?.type !== 'raft') return storage;
  const path = firstOf(env, ['VAULT_RAFT_PATH']) ?? storage.path;
  return { ...storage, path, node_id: firstOf(env, ['VAULT_RAFT_NODE_ID']) ?? storage.node_id };
}

/** Whether wrong passwords lock nobody, whatever the file says. */
export const isLockoutDisabled = (env: Environment): boolean =>
  /^(1|t|true)$/i.test(env['VAULT_DISABLE_USER_LOCKOUT'] ?? '');

const firstOf = (env: Environment, names: readonly string[]): string | undefined =>
  names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
