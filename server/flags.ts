// The flags of the command `server`, in Go's form: one dash or two, `-flag=value`, and `-flag value` for all but switches.

export interface ServerFlags {
  readonly configs: readonly string[];
  readonly isDev: boolean;
  readonly devRootTokenId: string | undefined;
  readonly devListenAddress: string;
  readonly devNoStoreToken: boolean;
  readonly devNoKv: boolean;
  readonly logLevel: string | undefined;
  readonly logFormat: string | undefined;
}

export type ParsedFlags =
  | { readonly type: 'flags'; readonly flags: ServerFlags }
  | { readonly type: 'error'; readonly message: string };

const SWITCHES = ['dev', 'dev-no-store-token', 'dev-no-kv'] as const;
const VALUES = [
  'config',
  'dev-root-token-id',
  'dev-listen-address',
  'log-level',
  'log-format',
] as const;
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

const isSwitch = (name: string): boolean => (SWITCHES as readonly string[]).includes(name);
const isValue = (name: string): boolean => (VALUES as readonly string[]).includes(name);

/** @param env where VAULT_DEV_ROOT_TOKEN_ID, VAULT_DEV_LISTEN_ADDRESS and VAULT_LOG_LEVEL are looked for */
export function parseFlags(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedFlags {
  const given = new Map<string, string[]>();
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    const parsed = parseOne(arg, left);
    if (typeof parsed === 'string') return { type: 'error', message: parsed };
    given.set(parsed.name, [...(given.get(parsed.name) ?? []), parsed.value]);
  }
  return { type: 'flags', flags: asFlags(given, env) };
}

function parseOne(
  arg: string,
  left: string[],
): { readonly name: string; readonly value: string } | string {
  const match = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(arg);
  if (match === null) return `Too many arguments (expected 0, got ${1 + left.length})`;
  const [, name = '', value] = match;
  if (isSwitch(name)) {
    const text = value ?? 'true';
    if (TRUE.includes(text) || FALSE.includes(text)) return { name, value: text };
    return `invalid boolean value "${text}" for -${name}: parse error`;
  }
  if (!isValue(name)) return `flag provided but not defined: -${name}`;
  const text = value ?? left.shift();
  return text === undefined ? `flag needs an argument: -${name}` : { name, value: text };
}

function asFlags(
  given: ReadonlyMap<string, readonly string[]>,
  env: Readonly<Record<string, string | undefined>>,
): ServerFlags {
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  const isOn = (name: string): boolean => TRUE.includes(last(name) ?? 'false');
  return {
    configs: given.get('config') ?? [],
    isDev: isOn('dev'),
    devRootTokenId: last('dev-root-token-id') ?? env['VAULT_DEV_ROOT_TOKEN_ID'],
    devListenAddress:
      last('dev-listen-address') ?? env['VAULT_DEV_LISTEN_ADDRESS'] ?? '127.0.0.1:8200',
    devNoStoreToken: isOn('dev-no-store-token'),
    devNoKv: isOn('dev-no-kv'),
    logLevel: last('log-level') ?? env['VAULT_LOG_LEVEL'],
    logFormat: last('log-format') ?? env['VAULT_LOG_FORMAT'],
  };
}
