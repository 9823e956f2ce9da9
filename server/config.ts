// The configuration: one or more files, merged into one typed value. Reading the files is a thin shell around it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  fromEnvironment,
  isLockoutDisabled,
  withNodeOf,
  type Environment,
} from './config/environment.ts';
import { readListener, type Listener } from './config/listener.ts';
import { MAIN, type MainSettings } from './config/main.ts';
import {
  initialOf,
  readStanza,
  type Context,
  type Networks,
  type Warning,
} from './config/setting.ts';
import { readNamed, type NamedStanza } from './config/named-stanza.ts';
import { addressesOf, readStorage, type Storage } from './config/storage.ts';
import {
  allLockouts,
  readUserLockout,
  type GivenLockouts,
  type Lockout,
  type LockoutType,
} from './config/user-lockout.ts';
import { parseHcl } from './hcl.ts';
import { HclError } from './hcl/position.ts';
import { blocks } from './hcl/read.ts';

export interface Config extends MainSettings {
  readonly storage: Storage | undefined;
  readonly ha_storage: Storage | undefined;
  readonly listeners: readonly Listener[];
  readonly seals: readonly NamedStanza[];
  readonly service_registration: NamedStanza | undefined;
  readonly user_lockout: Readonly<Record<LockoutType, Lockout>>;
  readonly warnings: readonly Warning[];
}

/** One file: its name, for messages, and its text. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

/** What the machine says beside the files. */
export interface Surroundings {
  readonly env: Environment;
  readonly networks: Networks;
}

/** A configuration that cannot be used. The message names the file and the place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
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
  return {
    ...initialOf(MAIN),
    ...addressesOf(storage),
    ...merged(parts.map((part) => part.main)),
    ...fromEnvironment(env),
    storage: withNodeOf(env, storage),
    ha_storage: parts.findLast((part) => part.haStorage !== undefined)?.haStorage,
    listeners: parts.flatMap((part) => part.listeners),
    seals: parts.flatMap((part) => part.seals),
    service_registration: parts.findLast((part) => part.registration !== undefined)?.registration,
    user_lockout: allLockouts(lockouts, isLockoutDisabled(env)),
    warnings: parts.flatMap((part) => part.warnings),
  };
}

interface Part {
  readonly main: Partial<MainSettings>;
  readonly storage: Storage | undefined;
  readonly haStorage: Storage | undefined;
  readonly listeners: readonly Listener[];
  readonly seals: readonly NamedStanza[];
  readonly registration: NamedStanza | undefined;
  readonly lockouts: GivenLockouts;
  readonly warnings: readonly Warning[];
}

const STANZAS: ReadonlySet<string> = new Set([
  'storage',
  'backend',
  'ha_storage',
  'ha_backend',
  'listener',
  'seal',
  'service_registration',
  'user_lockout',
]);

function parseFile({ name, text }: ConfigFile, networks: Networks): Part {
  const warnings: Warning[] = [];
  const context: Context = {
    file: name,
    networks,
    warn: (message, at) => warnings.push({ message, file: name, line: at.line }),
  };
  try {
    return { ...parseStanzas(text, context), warnings };
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    const message = `error loading configuration from ${name}: ${error.message}`;
    throw new ConfigError(message, { cause: error });
  }
}

function parseStanzas(text: string, context: Context): Omit<Part, 'warnings'> {
  const body = parseHcl(text);
  return {
    main: readStanza(MAIN, body, context, STANZAS),
    storage: readStorage(body, 'storage', context) ?? readStorage(body, 'backend', context),
    haStorage: readStorage(body, 'ha_storage', context) ?? readStorage(body, 'ha_backend', context),
    listeners: blocks(body, 'listener', 1).map((stanza) => readListener(stanza, context)),
    seals: readNamed(body, 'seal'),
    registration: readNamed(body, 'service_registration')[0],
    lockouts: readUserLockout(body, context),
  };
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
