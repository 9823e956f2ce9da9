// Environment variables that go before the configuration file.
import { START } from '../hcl/position.ts';
import type { Value } from '../hcl/values.ts';
import { MAIN, type MainSettings } from './main.ts';
import { readStanza, type Context } from './setting.ts';
import type { Storage } from './storage.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names in the order in which they count; the later ones are from before Vault 0.7. */
const VARIABLES = {
  api_addr: ['VAULT_API_ADDR', 'VAULT_REDIRECT_ADDR', 'VAULT_ADVERTISE_ADDR'],
  cluster_addr: ['VAULT_CLUSTER_ADDR'],
  log_level: ['VAULT_LOG_LEVEL'],
  log_format: ['VAULT_LOG_FORMAT'],
  ui: ['VAULT_UI'],
} as const satisfies Partial<Record<keyof MainSettings, readonly string[]>>;

/** What the variables say, read like the settings of a file that they stand for. */
export function fromEnvironment(env: Environment, context: Context): Partial<MainSettings> {
  const entries = Object.entries(VARIABLES).flatMap(([setting, names]) => {
    const value = firstOf(env, names);
    return value === undefined
      ? []
      : [{ keys: [{ text: setting, at: START }], value: textValue(value) }];
  });
  return readStanza(MAIN, { type: 'body', entries, at: START, notation: 'hcl' }, context);
}

const textValue = (value: string): Value => ({ type: 'text', value, at: START });

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
