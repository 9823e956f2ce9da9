// The `user_lockout` stanzas: after how many wrong passwords a user is locked, by type of auth method.
import { seconds } from '#sdk/duration.ts';
import { HclError } from '../hcl/position.ts';
import { blocks } from '../hcl/read.ts';
import type { Body } from '../hcl/values.ts';
import { exactSeconds, flag, readStanza, whole, type Context, type Settings } from './setting.ts';

const LOCKOUT = {
  lockout_threshold: whole(),
  lockout_duration: exactSeconds(),
  lockout_counter_reset: exactSeconds(),
  disable_lockout: flag(),
};

export type Lockout = Settings<typeof LOCKOUT>;

const TYPES = ['userpass', 'approle', 'ldap'] as const;
export type LockoutType = (typeof TYPES)[number];

/** What the files say, by type; `all` stands for the types that say nothing. */
export type GivenLockouts = Readonly<Partial<Record<LockoutType | 'all', Partial<Lockout>>>>;

const FIFTEEN_MINUTES = seconds(900);
const DEFAULTS: Lockout = {
  lockout_threshold: 5,
  lockout_duration: FIFTEEN_MINUTES,
  lockout_counter_reset: FIFTEEN_MINUTES,
  disable_lockout: false,
};

export function readUserLockout(body: Body, context: Context): GivenLockouts {
  const given = blocks(body, 'user_lockout', 1).map((stanza) => {
    const type = (stanza.labels[0] ?? 'all').toLowerCase();
    const known = [...TYPES, 'all' as const].find((name) => name === type);
    if (known === undefined) {
      throw new HclError(
        `unsupported auth type ${JSON.stringify(type)} in user_lockout`,
        stanza.at,
      );
    }
    context.warn('user_lockout has no effect: users are not locked yet', stanza.at);
    return [known, readStanza(LOCKOUT, stanza.body, context)] as const;
  });
  return Object.fromEntries(given);
}

/** What holds for each type: its own settings before those for all before the defaults. */
export function allLockouts(
  given: GivenLockouts,
  isDisabled: boolean,
): Readonly<Record<LockoutType, Lockout>> {
  const lockoutFor = (type: LockoutType): Lockout => {
    const lockout = { ...DEFAULTS, ...given.all, ...given[type] };
    return isDisabled ? { ...lockout, disable_lockout: true } : lockout;
  };
  return {
    userpass: lockoutFor('userpass'),
    approle: lockoutFor('approle'),
    ldap: lockoutFor('ldap'),
  };
}
