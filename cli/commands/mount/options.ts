// The settings that secrets engines and auth methods have in common, as flags and as the API takes them.
import type { JsonObject } from '../../client/secret.ts';
import {
  apiDuration,
  boolFlag,
  durationFlag,
  type FlagTable,
  intFlag,
  listFlag,
  mapFlag,
  textFlag,
} from '../../flags.ts';

/** Settings that can be changed later. */
export const TUNE_FLAGS = {
  description: textFlag('Description for people.'),
  'default-lease-ttl': durationFlag('How long leases and tokens live if nothing else is said.'),
  'max-lease-ttl': durationFlag('How long leases and tokens live at most.'),
  'audit-non-hmac-request-keys': listFlag(
    'A key of requests that the audit log shows as it is. May be given more than once.',
  ),
  'audit-non-hmac-response-keys': listFlag(
    'A key of answers that the audit log shows as it is. May be given more than once.',
  ),
  'listing-visibility': textFlag('Who sees the mount in lists: "unauth" for everybody, "hidden".'),
  'passthrough-request-headers': listFlag(
    'A header of requests that the mount gets to see. May be given more than once.',
  ),
  'allowed-response-headers': listFlag(
    'A header that answers of the mount may have. May be given more than once.',
  ),
  'allowed-managed-keys': listFlag('A managed key that the mount may use.'),
  'plugin-version': textFlag('The version of the plugin to run.'),
  options: mapFlag('An option of the mount, as key=value. May be given more than once.'),
} as const satisfies FlagTable;

/** Settings that a mount gets once. */
export const ENABLE_FLAGS = {
  ...TUNE_FLAGS,
  path: textFlag('Where to mount; by default at the name of the type.'),
  'force-no-cache': boolFlag('Do not cache anything of the mount.'),
  'plugin-name': textFlag('Name of the plugin where the type is "plugin".'),
  local: boolFlag('Do not replicate the mount.'),
  'seal-wrap': boolFlag('Wrap what the mount stores by the seal.'),
  'external-entropy-access': boolFlag('Let the mount use an external source of entropy.'),
} as const satisfies FlagTable;

export const SECRETS_FLAGS = {
  version: intFlag(
    'The version of the engine, where it has several; the same as -options=version=.',
  ),
  'delegated-auth-accessors': listFlag('An auth method that the engine may log in by.'),
} as const satisfies FlagTable;

export const AUTH_FLAGS = {
  'token-type': textFlag('The type of the tokens: "service", "batch", and defaults of both.'),
  'user-lockout-threshold': intFlag('How many failed logins lock a user out.'),
  'user-lockout-duration': durationFlag('How long a user stays locked out.'),
  'user-lockout-counter-reset-duration': durationFlag(
    'After how long failed logins are forgotten.',
  ),
  'user-lockout-disable': boolFlag('Lock nobody out.'),
} as const satisfies FlagTable;

/** Values and what was typed: a setting is sent only if it was. */
export interface Settings {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly given: ReadonlySet<string>;
}

const LISTS = [
  'audit-non-hmac-request-keys',
  'audit-non-hmac-response-keys',
  'passthrough-request-headers',
  'allowed-response-headers',
  'allowed-managed-keys',
  'delegated-auth-accessors',
] as const;
const TEXTS = ['listing-visibility', 'plugin-version', 'token-type'] as const;
const TTLS = ['default-lease-ttl', 'max-lease-ttl'] as const;

/** The settings of a mount that is enabled. */
export function mountConfig({ flags, given }: Settings): JsonObject {
  return {
    ...Object.fromEntries(TTLS.map((name) => [wireName(name), apiDuration(Number(flags[name]))])),
    force_no_cache: flags['force-no-cache'],
    ...typed({ flags, given }, [...LISTS, ...TEXTS]),
  };
}

/** The settings of a mount that is tuned; a ttl of 0 is the one of the system. */
export function tuneConfig({ flags, given }: Settings): JsonObject {
  const ttls = TTLS.filter((name) => given.has(name)).map((name) => {
    const ttl = Number(flags[name]);
    return [wireName(name), ttl === 0 ? 'system' : apiDuration(ttl)] as const;
  });
  const options = mountOptions({ flags, given });
  return {
    ...Object.fromEntries(ttls),
    ...typed({ flags, given }, [...LISTS, ...TEXTS, 'description']),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...lockout({ flags, given }),
  };
}

/** The options of the mount, with `-version` among them. */
export function mountOptions({ flags }: Settings): Readonly<Record<string, string>> {
  const options = flags['options'] as Readonly<Record<string, string>>; // as its declaration parses it
  const version = Number(flags['version'] ?? 0);
  return version > 0 ? { ...options, version: String(version) } : options;
}

const wireName = (flag: string): string => flag.replaceAll('-', '_');

const typed = ({ flags, given }: Settings, names: readonly string[]): JsonObject =>
  Object.fromEntries(
    names.filter((name) => given.has(name)).map((name) => [wireName(name), flags[name]]),
  );

/** When users are locked out after failed logins. */
function lockout({ flags, given }: Settings): JsonObject {
  const settings: Record<string, unknown> = {};
  if (given.has('user-lockout-threshold')) {
    settings['lockout_threshold'] = String(flags['user-lockout-threshold']);
  }
  if (given.has('user-lockout-duration')) {
    settings['lockout_duration'] = apiDuration(Number(flags['user-lockout-duration']));
  }
  if (given.has('user-lockout-counter-reset-duration')) {
    settings['lockout_counter_reset_duration'] = apiDuration(
      Number(flags['user-lockout-counter-reset-duration']),
    );
  }
  if (given.has('user-lockout-disable')) {
    settings['lockout_disable'] = flags['user-lockout-disable'];
  }
  return Object.keys(settings).length === 0 ? {} : { user_lockout_config: settings };
}
