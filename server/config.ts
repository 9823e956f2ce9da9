// The configuration: one or more files, merged into one typed value. Reading the files is a thin shell around it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  fromEnvironment,
  isLockoutDisabled,
  withNodeOf,
  type Environment,
} from './config/environment.ts';
import { ConfigError, parseFile, type ConfigFile } from './config/file.ts';
import type { Listener } from './config/listener.ts';
import { MAIN, type MainSettings } from './config/main.ts';
import type { NamedStanza } from './config/named-stanza.ts';
import { initialOf, type Networks, type Warning } from './config/setting.ts';
import { addressesOf, type Storage } from './config/storage.ts';
import {
  allLockouts,
  type GivenLockouts,
  type Lockout,
  type LockoutType,
} from './config/user-lockout.ts';
import { HclError } from './hcl/position.ts';

export interface Config extends MainSettings {
  readonly storage: Storage | undefined;
  readonly ha_storage: Storage | undefined;
  readonly listeners: readonly Listener[];
  readonly seals: readonly NamedStanza[];
  readonly service_registration: NamedStanza | undefined;
  readonly user_lockout: Readonly<Record<LockoutType, Lockout>>;
  readonly warnings: readonly Warning[];
}

/** What the machine says beside the files. */
export interface Surroundings {
  readonly env: Environment;
  readonly networks: Networks;
}

/** Reads files, and folders of .hcl and .json files in alphabetical order. */
export function loadConfig(paths: readonly string[], surroundings: Surroundings): Config {
  const names = paths.flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));
  const files = names.map((name) => ({ name, text: readFileSync(name, 'utf8') }));
  return parseConfig(files, surroundings);
}

/** The configuration that files describe together: later ones win, listeners and seals add up. */
export function parseConfig(files: readonly ConfigFile[], { env, networks }: Surroundings): Config {
  const parts = files.map((file) => parseFile(file, networks));
  const lockouts: GivenLockouts = merged(parts.map((part) => part.lockouts));
  const storage = parts.findLast((part) => part.storage !== undefined)?.storage;
  const main = {
    ...initialOf(MAIN),
    ...addressesOf(storage),
    ...merged(parts.map((part) => part.main)),
    ...parseEnvironment(env, networks),
  };
  if (main.default_lease_ttl > main.max_lease_ttl) {
    throw new ConfigError('cannot have DefaultLeaseTTL larger than MaxLeaseTTL');
  }
  return {
    ...main,
    storage: withNodeOf(env, storage),
    ha_storage: parts.findLast((part) => part.haStorage !== undefined)?.haStorage,
    listeners: parts.flatMap((part) => part.listeners),
    seals: parts.flatMap((part) => part.seals),
    service_registration: parts.findLast((part) => part.registration !== undefined)?.registration,
    user_lockout: allLockouts(lockouts, isLockoutDisabled(env)),
    warnings: parts.flatMap((part) => part.warnings),
  };
}

function parseEnvironment(env: Environment, networks: Networks): Partial<MainSettings> {
  const context = { file: 'the environment', networks, warn: () => undefined };
  try {
    return fromEnvironment(env, context);
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    const message = `error loading configuration from ${context.file}: ${error.reason}`;
    throw new ConfigError(message, { cause: error });
  }
}

/** Later values win; what is not given leaves the earlier value alone. */
const merged = <T extends object>(parts: readonly Partial<T>[]): Partial<T> =>
  parts.reduce<Partial<T>>((all, part) => ({ ...all, ...part }), {});

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /\.(hcl|json)$/.test(name) && !name.startsWith('.#'))
    .toSorted()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
