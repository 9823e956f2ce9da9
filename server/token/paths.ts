// auth/token: tokens made, looked up, renewed and revoked through the API.
import { defineAuthMethod } from '#sdk/engine.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import type { System } from '../sys/system.ts';

const path = pathFor<System>();

const lookupSelf = path('lookup-self', {
  help: 'This endpoint will lookup a token and its properties.',
  fields: {},
  operations: {
    read: {
      summary: 'Look up the token of the request',
      handler: ({ engine }) => reply({ policies: engine.known.policies }),
    },
  },
});

export const token = defineAuthMethod<System>({
  type: 'token',
  help: 'The token credential backend is always enabled and builtin to Vault.',
  paths: [lookupSelf],
  start: () => null as never, // handlers get a System made for their request
});
