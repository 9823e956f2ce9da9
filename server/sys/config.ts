// sys/config: what of the configuration is kept in storage (cross-origin requests, headers of the user interface), and
// what the configuration files say, without secrets.
import { commaList, list as texts, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { allowedHeaders, CORS_KEY, enableCors, type CorsRecord } from '../cors.ts';
import { deleteUiHeader, putUiHeader, readUiHeaders } from '../ui-headers.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const cors = path('config/cors', {
  help: 'Configures or returns the current configuration of CORS settings.',
  access: 'sudo',
  isFlat: true,
  fields: {
    allowed_origins: commaList('Origins, or "*" for all').default([]),
    allowed_headers: commaList('Headers that are allowed besides the usual ones').default([]),
  },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read who may make cross-origin requests',
      handler: ({ engine: { transaction } }) => {
        const record = transaction.get<CorsRecord>(CORS_KEY);
        if (record === undefined) return reply({ enabled: false });
        const { allowed_origins } = record;
        return reply({ enabled: true, allowed_origins, allowed_headers: allowedHeaders(record) });
      },
    },
    write: {
      summary: 'Allow cross-origin requests',
      handler: ({ engine: { transaction }, data }): undefined => {
        const { allowed_origins, allowed_headers } = data;
        enableCors(transaction, { allowed_origins, allowed_headers });
      },
    },
    delete: {
      summary: 'Allow no cross-origin requests',
      handler: ({ engine: { transaction } }): undefined => {
        transaction.delete(CORS_KEY);
      },
    },
  },
});

const UI_HELP = 'Configures response headers that should be returned from the UI.';

const uiHeaders = path('config/ui/headers/', {
  help: UI_HELP,
  access: 'sudo',
  fields: {},
  operations: {
    list: {
      standby: 'serve',
      summary: 'List the headers',
      handler: ({ engine: { transaction } }) =>
        listReply(Object.keys(readUiHeaders(transaction)).toSorted()),
    },
  },
});

const uiHeader = path('config/ui/headers/{header}', {
  help: UI_HELP,
  access: 'sudo',
  fields: {
    header: text('The name of the header'),
    values: texts('The values of the header').default([]),
    multivalue: text('Whether to read all values').default(''),
  },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read a header',
      handler: ({ engine: { transaction }, data }) => {
        const values = readUiHeaders(transaction)[data.header.toLowerCase()];
        if (values === undefined) return undefined;
        return reply(data.multivalue === '' ? { value: values[0] } : { values });
      },
    },
    write: {
      summary: 'Set a header',
      handler: ({ engine: { transaction }, data }) => {
        putUiHeader(transaction, data.header, data.values);
        return reply(null);
      },
    },
    delete: {
      summary: 'Remove a header',
      handler: ({ engine: { transaction }, data }): undefined => {
        deleteUiHeader(transaction, data.header);
      },
    },
  },
});

const sanitized = path('config/state/sanitized', {
  help: 'Return a sanitized version of the Vault server configuration.\n\nThe sanitized output strips configuration values in the storage, HA storage, and seals\nstanzas, which may contain sensitive values such as API tokens.',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read the configuration',
      handler: ({ engine: { services } }) => reply(services.node.configuration),
    },
  },
});

export const configPaths = [cors, uiHeaders, uiHeader, sanitized];
