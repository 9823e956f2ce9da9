// A mount as sys/mounts and sys/auth show it, under the names of the wire.
import type { LockoutConfig, MountConfig, MountEntry } from './entry.ts';
import type { Mount } from './mount.ts';

type Data = Readonly<Record<string, unknown>>;

/** Built in for good, or kept for old clients only: Vault's registry says nothing of how long they are supported. */
const WITHOUT_STATUS = new Set(['system', 'identity', 'cubbyhole', 'token', 'generic']);
/** Mounts that no client made: their options were never set. */
const NEVER_ENABLED = new Set(['system', 'identity', 'cubbyhole', 'token']);

export function showMount({ entry, runningVersion }: Mount): Data {
  return {
    accessor: entry.accessor,
    config: showConfig(entry.config),
    ...(WITHOUT_STATUS.has(entry.type) ? {} : { deprecation_status: 'supported' }),
    description: entry.description,
    external_entropy_access: entry.externalEntropyAccess,
    local: entry.local,
    options: showOptions(entry),
    plugin_version: '',
    running_plugin_version: runningVersion,
    running_sha256: '',
    seal_wrap: entry.sealWrap,
    type: entry.type,
    uuid: entry.uuid,
  };
}

/** What whoever has no token sees of a mount that is open to all. */
export function showPublicly({ entry }: Mount): Data {
  return { description: entry.description, options: showOptions(entry), type: entry.type };
}

/** What applies: the mount's own settings, and the system's where it has none. */
export function showTuning({ entry, facts }: Mount): Data {
  const { user_lockout_config: lockout, ...settings } = entry.config;
  return {
    ...withoutEmpty(settings),
    default_lease_ttl: facts.defaultLeaseTtl,
    description: entry.description,
    force_no_cache: entry.config.force_no_cache,
    max_lease_ttl: facts.maxLeaseTtl,
    ...(Object.keys(entry.options).length === 0 ? {} : { options: entry.options }),
    ...(lockout === undefined ? {} : showLockout(lockout)),
  };
}

function showConfig({ user_lockout_config: lockout, ...settings }: MountConfig): Data {
  const shown = withoutEmpty(settings);
  return lockout === undefined ? shown : { ...shown, user_lockout_config: showLockout(lockout) };
}

const showOptions = ({ type, options }: MountEntry): Data | null =>
  NEVER_ENABLED.has(type) ? null : options;

function showLockout(lockout: LockoutConfig): Data {
  return {
    user_lockout_counter_reset_duration: lockout.lockout_counter_reset_duration,
    user_lockout_disable: lockout.lockout_disable,
    user_lockout_duration: lockout.lockout_duration,
    user_lockout_threshold: lockout.lockout_threshold,
  };
}

/** Lists and texts that were emptied are as if they had never been set. */
function withoutEmpty(settings: Data): Data {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => {
      const isEmpty = value === '' || (Array.isArray(value) && value.length === 0);
      return value !== undefined && !isEmpty;
    }),
  );
}
