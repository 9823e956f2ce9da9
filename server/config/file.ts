// One configuration file: its stanzas read, its errors and warnings with the place they are about.
import { parseHcl } from '../hcl.ts';
import { HclError } from '../hcl/position.ts';
import { blocks } from '../hcl/read.ts';
import type { Listener } from './listener.ts';
import { readListener } from './read-listener.ts';
import { MAIN, type MainSettings } from './main.ts';
import { readNamed, type NamedStanza } from './named-stanza.ts';
import { readStanza, type Context, type Networks, type Warning } from './setting.ts';
import { readStorage, type Storage } from './storage.ts';
import { readUserLockout, type GivenLockouts } from './user-lockout.ts';

/** One file: its name, for messages, and its text. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

/** A configuration that cannot be used. The message names the file and the place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What one file says. */
export interface Part {
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

export function parseFile({ name, text }: ConfigFile, networks: Networks): Part {
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
