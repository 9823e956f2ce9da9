// What a rule can grant, as bits: a request needs one of them, a rule has a set.

/** A set of capabilities. */
export type Capabilities = number & { readonly of: 'capabilities' };

export const CAPABILITY_BITS = {
  deny: 1,
  create: 2,
  read: 4,
  update: 8,
  delete: 16,
  list: 32,
  sudo: 64,
  patch: 128,
  subscribe: 256,
} as const;

export type Capability = keyof typeof CAPABILITY_BITS;

export type Operation =
  | 'create'
  | 'read'
  | 'update'
  | 'delete'
  | 'list'
  | 'patch'
  | 'help'
  | 'revoke'
  | 'renew'
  | 'rollback';

/** Leases are renewed and revoked by who may update. */
export const CAPABILITY_FOR = {
  create: 'create',
  read: 'read',
  update: 'update',
  delete: 'delete',
  list: 'list',
  patch: 'patch',
  revoke: 'update',
  renew: 'update',
  rollback: 'update',
} as const satisfies Readonly<Record<Exclude<Operation, 'help'>, Capability>>;

export const NONE = 0 as Capabilities;
export const DENY = CAPABILITY_BITS.deny as number as Capabilities;

const NAMES = Object.keys(CAPABILITY_BITS).toSorted() as Capability[]; // the keys of the table

export const isCapability = (name: string): name is Capability =>
  Object.hasOwn(CAPABILITY_BITS, name);

export const has = (set: Capabilities, capability: Capability): boolean =>
  (set & CAPABILITY_BITS[capability]) !== 0;

/** Both sets; `deny` leaves nothing beside it. */
export function union(one: Capabilities, other: Capabilities): Capabilities {
  const both = (one | other) as Capabilities;
  return has(both, 'deny') ? DENY : both;
}

export const fromNames = (names: readonly Capability[]): Capabilities =>
  names.reduce<Capabilities>(
    (set, name) => union(set, CAPABILITY_BITS[name] as number as Capabilities),
    NONE,
  );

/** Names in alphabetical order; a set without any is `deny`. */
export function toNames(set: Capabilities): readonly Capability[] {
  const names = NAMES.filter((name) => has(set, name));
  return names.length === 0 ? ['deny'] : names;
}
