// The engines and auth methods there are, by type.
import { defineEngine, type Engine } from '#sdk/engine.ts';
import { cubbyhole } from '#engines/cubbyhole.ts';
import { kvV1, kvV2 } from '#engines/kv/index.ts';

import { userpass } from '#auth/userpass/index.ts';
import { system } from '../sys/index.ts';
import { token } from '../token/paths.ts';
import type { MountEntry } from './entry.ts';
import type { Catalog } from './table.ts';

type Options = MountEntry['options'];
type Chosen = (options: Options) => Engine;

/** Entities are made and found by logins; what is to be asked of them has no paths yet. */
const identity = defineEngine({
  type: 'identity',
  help: 'The identity store: entities and their aliases',
  paths: [],
  start: () => null,
});

const SECRETS_ENGINES: ReadonlyMap<string, Chosen> = new Map([
  ['kv', ({ version }) => (version === '2' ? kvV2 : kvV1)],
  ['generic', () => kvV1],
  ['cubbyhole', () => cubbyhole],
  ['system', () => system],
  ['identity', () => identity],
] satisfies [string, Chosen][]);

const AUTH_METHODS: ReadonlyMap<string, Chosen> = new Map([
  ['token', () => token],
  ['userpass', () => userpass],
] satisfies [string, Chosen][]);

const SYSTEM_TYPES: ReadonlySet<string> = new Set(['system', 'identity', 'token']);

/** What is always there, and an old name. */
const NOT_LISTED: ReadonlySet<string> = new Set([...SYSTEM_TYPES, 'cubbyhole', 'generic']);
/** The databases that a database engine knows; there is no such engine yet. */
const DATABASES: readonly string[] = [];

export const catalog: Catalog = {
  find: (kind, type, options) =>
    (kind === 'secret' ? SECRETS_ENGINES : AUTH_METHODS).get(type)?.(options),
  isSystem: (type) => SYSTEM_TYPES.has(type),
  types: (kind) => {
    if (kind === 'database') return DATABASES;
    const all = kind === 'secret' ? SECRETS_ENGINES : AUTH_METHODS;
    return [...all.keys()].filter((type) => !NOT_LISTED.has(type)).toSorted();
  },
};
