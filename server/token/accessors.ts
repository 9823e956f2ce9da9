// auth/token/accessors and auth/token/tidy: what there is of tokens as a whole.
import { pathFor } from '#sdk/path.ts';
import { listReply, reply } from '#sdk/reply.ts';
import type { System } from '../sys/system.ts';

const path = pathFor<System>();

export const accessors = path('accessors/', {
  help: "List token accessors, which can then be be used to iterate and discover their properties or revoke them. Because this can be used to cause a denial of service, this endpoint requires 'sudo' capability in addition to 'list'.",
  access: 'sudo',
  fields: {},
  operations: {
    list: {
      standby: 'serve',
      summary: 'List the accessors of all tokens',
      handler: ({ engine: { services, transaction } }) =>
        listReply(services.tokens.accessors(transaction)),
    },
  },
});

const TIDY_STARTED =
  "Tidy operation successfully started. Any information from the operation will be printed to Vault's server logs.";

/** Records of a token are written and removed together, so there is nothing to find but ends that were missed. */
export const tidy = path('tidy', {
  help: 'This endpoint performs cleanup tasks that can be run if certain error conditions have occurred.',
  fields: {},
  operations: {
    write: {
      summary: 'Look at every token and lease again',
      handler: ({ engine: { services, afterwards }, warn }) => {
        afterwards(() => services.leases.restore());
        warn(TIDY_STARTED);
        return reply(null, { status: 202 });
      },
    },
  },
});
