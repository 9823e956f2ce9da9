// auth/token/create: new tokens by the hand of one that is there already, which becomes their parent.
import type { Call } from '#sdk/call.ts';
import { assert, badRequest, type ClientError } from '#sdk/errors.ts';
import { name } from '#sdk/field.ts';
import { matchesGlob } from '#sdk/glob.ts';
import { pathFor } from '#sdk/path.ts';
import type { AuthReply } from '#sdk/reply.ts';
import type { System } from '../sys/system.ts';
import { authBlock } from './auth-block.ts';
import {
  askedTtls,
  checkId,
  createFields,
  displayNameOf,
  type AskedTtls,
  type CreateData,
} from './create-fields.ts';
import { choosePolicies } from './create-policies.ts';
import { chooseTtl, chooseType, chooseUses } from './create-terms.ts';
import { USES_SPENT, type NewToken, type TokenEntry } from './entry.ts';
import { readRole, type TokenRole } from './role.ts';
import { hasSudo } from './sudo.ts';
import { endOf } from './ttl.ts';

const path = pathFor<System>();

type CreateCall = Call<System, CreateData>;

export const create = path('create', {
  help: 'The token create path is used to create new tokens.',
  fields: createFields,
  operations: {
    write: { summary: 'Create a token', handler: (call) => createToken(call, {}) },
  },
});

export const createOrphan = path('create-orphan', {
  help: 'The token create path is used to create new orphan tokens.',
  fields: createFields,
  operations: {
    write: {
      summary: 'Create a token without a parent',
      handler: (call) => createToken(call, { isOrphan: true }),
    },
  },
});

export const createFromRole = path('create/{role_name}', {
  help: 'This token create path is used to create new tokens adhering to the given role.',
  fields: { ...createFields, role_name: name('Name of the role') },
  operations: {
    write: {
      summary: 'Create a token from a role',
      handler: (call) => {
        const { role_name } = call.data;
        const role = readRole(call.storage, role_name);
        if (role === undefined) throw badRequest(`unknown role ${role_name}`);
        return createToken(call, { role, roleName: role_name });
      },
    },
  },
});

interface Manner {
  readonly isOrphan?: boolean;
  readonly role?: TokenRole;
  readonly roleName?: string;
}

function createToken(call: CreateCall, manner: Manner): AuthReply {
  const { engine, data, warn } = call;
  const planned = planToken(call, manner);
  const id = data.id === '' ? undefined : data.id;
  if (id !== undefined) {
    checkId(id);
    warn(CUSTOM_ID_WARNING);
  }
  const made = engine.services.tokens.create(engine.transaction, planned, id);
  const { policies, creationTtl, displayName } = made.entry;
  for (const policy of policies) {
    if (engine.services.policies.exists(engine.transaction, policy)) continue;
    warn(`Policy "${policy}" does not exist`);
  }
  return { kind: 'auth', auth: authBlock(made, creationTtl), displayName };
}

/** Vault's checks in Vault's order, so that of several mistakes the same one is reported. */
function planToken(call: CreateCall, { isOrphan = false, role, roleName = '' }: Manner): NewToken {
  const { engine, data } = call;
  const parent = parentOf(engine);
  const sudo = hasSudo(engine);
  const numUses = chooseUses(data.num_uses, role);
  const type = chooseType(data, role);
  const aliasEntity = entityOfAlias(call, role);
  if (data.id !== '' && !sudo) throw sudoNeeded('specify token id');
  const asked = { asked: data.policies ?? [], noDefault: data.no_default_policy };
  const policies = choosePolicies({ ...asked, parent: parent.policies, role, hasSudo: sudo });
  const isRoot = policies.includes('root');
  if (type === 'batch' && isRoot) throw badRequest('batch tokens cannot be root tokens');
  if (data.no_parent && !sudo) throw sudoNeeded('create orphan token');
  const ttls = askedTtls(data);
  if (ttls.period > 0 && !sudo) throw sudoNeeded('create periodic token');
  const origin = originOf(parent, !isOrphan && !data.no_parent, role);
  return {
    type,
    policies,
    ...origin,
    entityId: aliasEntity ?? origin.entityId,
    path: pathOf(engine, role),
    displayName: displayNameOf(data.display_name),
    metadata: metadataOf(data),
    numUses: type === 'batch' ? 0 : numUses,
    explicitMaxTtl: ttls.explicitMaxTtl,
    period: ttls.period,
    ...lifetimeOf(call, parent, { asked: ttls, role, isRoot, type }),
    role: roleName,
    noIdentityPolicies: false,
    internal: undefined,
    wrapping: undefined,
  };
}

const CUSTOM_ID_WARNING =
  'Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC for token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups.';

const sudoNeeded = (what: string): ClientError =>
  badRequest(`root or sudo privileges required to ${what}`);

/** @throws ClientError 400 for a token that makes no children: else they would escape what limits it */
function parentOf({ known: { token } }: System): TokenEntry {
  if (token === undefined || token.numUses === USES_SPENT) {
    throw badRequest('parent token lookup failed: no parent found');
  }
  if (token.type === 'batch') throw badRequest('batch tokens cannot create more tokens');
  if (token.numUses > 0) throw badRequest('restricted use token cannot generate child tokens');
  return token;
}

/** An alias of the mount auth/token; the first token that names it makes its entity. */
function entityOfAlias({ engine, data }: CreateCall, role: TokenRole | undefined) {
  if (data.entity_alias === '') return undefined;
  if (role === undefined) {
    throw badRequest("'entity_alias' is only allowed in combination with token role");
  }
  const alias = data.entity_alias.toLowerCase();
  const isAllowed = role.allowed_entity_aliases?.some((glob) => matchesGlob(glob, alias));
  if (isAllowed !== true) throw badRequest("invalid 'entity_alias' value");
  const { mount } = engine.known.admitted;
  assert(mount !== undefined, 'a handler is of a mount');
  const { accessor: mountAccessor, type: mountType } = mount.entry;
  const login = { name: alias, mountAccessor, mountType, metadata: {} };
  return engine.services.entities.ofLogin(engine.transaction, login).entity.id;
}

/** A child is of the same entity and no freer than its parent; a role decides for itself where from it may be used. */
function originOf(
  parent: TokenEntry,
  isChild: boolean,
  role: TokenRole | undefined,
): Pick<NewToken, 'parent' | 'entityId' | 'boundCidrs'> {
  const hasParent = isChild && role?.orphan !== true;
  const inherited = hasParent ? parent.boundCidrs : [];
  return {
    parent: hasParent ? parent.key : '',
    entityId: hasParent ? parent.entityId : '',
    boundCidrs: role?.token_bound_cidrs ?? inherited,
  };
}

interface Wish {
  readonly asked: AskedTtls;
  readonly role: TokenRole | undefined;
  readonly isRoot: boolean;
  readonly type: TokenEntry['type'];
}

type Lifetime = Pick<
  NewToken,
  'createdAt' | 'creationTtl' | 'renewedAt' | 'expiresAt' | 'isRenewable'
>;

function lifetimeOf(
  { clock, mount, data, warn }: CreateCall,
  parent: TokenEntry,
  { asked, role, isRoot, type }: Wish,
): Lifetime & Partial<Pick<NewToken, 'boundCidrs'>> {
  const createdAt = clock.now();
  const creationTtl = chooseTtl({ asked, role, isRoot, now: createdAt, limits: mount }, warn);
  const begun = { createdAt, creationTtl, renewedAt: undefined };
  if (creationTtl === 0) {
    if (parent.expiresAt !== undefined) {
      throw badRequest('expiring root tokens cannot create non-expiring root tokens');
    }
    // Root without end is not kept out of anywhere, and there is nothing to renew.
    return { ...begun, expiresAt: undefined, isRenewable: false, boundCidrs: [] };
  }
  const isRenewable = type === 'service' && data.renewable && role?.renewable !== false;
  return { ...begun, expiresAt: endOf(createdAt, creationTtl), isRenewable };
}

function pathOf({ known }: System, role: TokenRole | undefined): string {
  const { path: asked } = known.admitted.arrived;
  const suffix = role?.path_suffix ?? '';
  return suffix === '' ? asked : `${asked}/${suffix}`;
}

/** What was not sent is `null`, as Vault shows it. */
const metadataOf = ({ meta }: CreateData): NewToken['metadata'] =>
  meta === undefined || Object.keys(meta).length === 0 ? null : meta;
