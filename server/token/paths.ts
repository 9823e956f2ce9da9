// auth/token: tokens made, looked up, renewed and revoked through the API.
import { defineAuthMethod } from '#sdk/engine.ts';
import type { System } from '../sys/system.ts';
import { accessors, tidy } from './accessors.ts';
import { create, createFromRole, createOrphan } from './create.ts';
import { lookup, lookupAccessor, lookupSelf } from './lookup.ts';
import { renew, renewAccessor, renewSelf } from './renew.ts';
import { revoke, revokeAccessor, revokeOrphan, revokeSelf } from './revoke.ts';
import { roleList, roles } from './roles.ts';

export const token = defineAuthMethod<System>({
  type: 'token',
  help: 'The token credential backend is always enabled and builtin to Vault.',
  paths: [
    create,
    createOrphan,
    createFromRole,
    lookup,
    lookupSelf,
    lookupAccessor,
    renew,
    renewSelf,
    renewAccessor,
    revoke,
    revokeSelf,
    revokeAccessor,
    revokeOrphan,
    accessors,
    roleList,
    roles,
    tidy,
  ],
  start: () => null as never, // handlers get a System made for their request
});
