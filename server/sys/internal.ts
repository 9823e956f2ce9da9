// sys/internal: what the user interface and the command line ask for behind the scenes.
import { ClientError } from '#sdk/errors.ts';
import { path as wholePath } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, raw, reply } from '#sdk/reply.ts';
import type { Mount } from '../mount/mount.ts';
import { openApiOf } from '../mount/openapi.ts';
import { showMount, showPublicly } from '../mount/show.ts';
import type { Acl } from '../policy/acl.ts';
import { aclOfOptionalToken, aclOfToken } from '../policy/of-token.ts';
import { relativePath } from './mount-operations.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

type Data = Readonly<Record<string, unknown>>;

const isOpenToAll = ({ entry }: Mount): boolean => entry.config.listing_visibility === 'unauth';

const mounts = path('internal/ui/mounts', {
  help: 'Information about mounts returned according to their tuned visibility.\n\nWith a token, also the mounts that it may use.',
  access: 'public',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'List the mounts that the caller may see',
      handler: ({ engine: { services, transaction, known } }) => {
        const acl = aclOfOptionalToken(services, transaction, known);
        const seen = services.mounts.in(transaction).all.filter((mount) => mayList(mount, acl));
        const show = acl === undefined ? showPublicly : showMount;
        const ofKind = (kind: Mount['entry']['kind']): Data =>
          Object.fromEntries(
            seen
              .filter(({ entry }) => entry.kind === kind)
              .map((mount) => [relativePath(mount.entry), show(mount)]),
          );
        return reply({ auth: ofKind('auth'), secret: ofKind('secret') });
      },
    },
  },
});

const mayList = (mount: Mount, acl: Acl | undefined): boolean =>
  isOpenToAll(mount) || (acl?.hasAccessBelow(mount.entry.path) ?? false);

const mount = path('internal/ui/mounts/{path...}', {
  help: 'Return information about the given mount.',
  access: 'public',
  fields: { path: wholePath('The path of the mount, or one below it') },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read the mount of a path',
      handler: ({ engine: { services, transaction, known }, data }) => {
        const acl = aclOfOptionalToken(services, transaction, known);
        if (acl === undefined) throw new ClientError(403, 'permission denied');
        const asked = `${data.path.replaceAll(/^\/+|\/+$/g, '')}/`;
        const found = services.mounts.in(transaction).route(asked)?.mount;
        if (found === undefined || !acl.hasAccessBelow(found.entry.path)) throw noAccess(asked);
        const options = found.entry.options;
        return reply({ ...showMount(found), options, path: relativePath(found.entry) });
      },
    },
  },
});

/** The same for a mount that is not there and for one that is not the caller's business. */
function noAccess(asked: string): ClientError {
  return new ClientError(
    403,
    `preflight capability check returned 403, please ensure client's policies grant access to path "${asked}"`,
  );
}

const resultantAcl = path('internal/ui/resultant-acl', {
  help: "Information about a token's resultant ACL. Internal API; its location, inputs, and outputs may change.",
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read all rules of the own token',
      handler: ({ engine: { services, transaction, known } }) => {
        const entityId = known.token?.entityId ?? '';
        const acl = aclOfToken(services, transaction, { entityId, policies: known.policies });
        return reply({ ...acl.resultant() });
      },
    },
  },
});

const namespaces = path('internal/ui/namespaces', {
  help: 'Information about visible child namespaces. Internal API; its location, inputs, and outputs may change.',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'List the namespaces: the root alone',
      handler: () => listReply(['']),
    },
  },
});

const openApi = path('internal/specs/openapi', {
  help: 'Generate an OpenAPI 3 document of all mounted paths.\n\nWithout a token, of the system and of the mounts that are shown to everybody.',
  access: 'public',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read the document',
      handler: ({ engine: { services, transaction, known } }) => {
        const acl = aclOfOptionalToken(services, transaction, known);
        const seen = services.mounts
          .in(transaction)
          .all.filter((one) => one.entry.type === 'system' || mayList(one, acl));
        const body = `${JSON.stringify(openApiOf(seen))}\n`;
        return raw({ status: 200, contentType: 'application/json', body });
      },
    },
  },
});

const tokenCount = path('internal/counters/tokens', {
  help: 'Count of active tokens at this moment.',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Count the service tokens',
      handler: ({ engine: { services, transaction } }) => {
        const total = services.tokens.count(transaction);
        return reply({ counters: { service_tokens: { total } } });
      },
    },
  },
});

const entityCount = path('internal/counters/entities', {
  help: 'Count of active entities at this moment.',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Count the entities',
      handler: ({ engine: { services, transaction } }) => {
        const total = services.entities.count(transaction);
        return reply({ counters: { entities: { total } } });
      },
    },
  },
});

export const internalPaths = [
  mounts,
  mount,
  resultantAcl,
  namespaces,
  openApi,
  tokenCount,
  entityCount,
];
