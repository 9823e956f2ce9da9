// sys/audit: the audit devices, the hashes that they show, and the request headers that are on record.
// https://developer.hashicorp.com/vault/api-docs/system/audit
import { badRequest } from '#sdk/errors.ts';
import { boolean, pairs, path as wholePath, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import type { Storage } from '#sdk/storage.ts';
import { AUDITED_HEADERS_KEY, HEADER_NAME, type HeaderTable } from '../audit/headers.ts';
import { AUDIT_TABLE_KEY, overlaps, type AuditTable, type DeviceEntry } from '../audit/table.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

/** More devices than this would slow down every request, which waits for all of them. */
const MAX_DEVICES = 32;

/** Each request looks for every one of them. */
const MAX_AUDITED_HEADERS = 128;

const devicePath = wholePath('The path of the device');

const listDevices = path('audit', {
  help: `List the enabled audit devices

  Shows the type, the options and the description of each.`,
  access: 'sudo',
  isFlat: true,
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'List the enabled audit devices',
      handler: ({ engine }) =>
        reply(
          Object.fromEntries(
            devicesOf(engine.transaction).map((entry) => [entry.path, shown(entry)]),
          ),
        ),
    },
  },
});

const device = path('audit/{path...}', {
  help: `Enable or disable an audit device

  A device is tested with an entry of its own before it is enabled.`,
  access: 'sudo',
  fields: {
    path: devicePath,
    type: text('The type of the device: file or socket').default(''),
    description: text('What the device is for').default(''),
    local: boolean('Marks the device as one of this cluster alone').default(false),
    options: pairs('The options of the device, by its type').default({}),
  },
  operations: {
    write: {
      summary: 'Enable an audit device at a path',
      handler: async ({ engine, data, request }) => {
        const { transaction, services } = engine;
        const draft = { ...data, path: devicePathOf(data.path) };
        const entries = devicesOf(transaction);
        if (entries.some((entry) => overlaps(entry.path, draft.path))) {
          services.audit.drop(request.id);
          throw badRequest('path already in use');
        }
        if (entries.length >= MAX_DEVICES) throw badRequest('too many audit devices are enabled');
        const entry = await services.audit.prepare(request.id, draft);
        putDevices(transaction, [...entries, entry]);
        return undefined;
      },
    },
    delete: {
      summary: 'Disable the audit device at a path',
      handler: ({ engine: { transaction }, data }) => {
        const entries = devicesOf(transaction);
        const kept = entries.filter((entry) => entry.path !== devicePathOf(data.path));
        if (kept.length < entries.length) putDevices(transaction, kept);
        return undefined;
      },
    },
  },
});

const hash = path('audit-hash/{path...}', {
  help: `Hash a text as an audit device does

  The hash finds the text in the log of that device.`,
  isFlat: true,
  fields: { path: devicePath, input: text('The text to hash').default('') },
  operations: {
    write: {
      standby: 'serve',
      summary: 'Hash a text as an audit device does',
      handler: ({ engine, data }) => {
        if (data.input === '') throw badRequest('the "input" parameter is empty');
        const at = devicePathOf(data.path);
        const found = engine.services.audit.hash(at, data.input);
        if (found === undefined) throw badRequest(`unknown audit backend ${JSON.stringify(at)}`);
        return reply({ hash: found });
      },
    },
  },
});

const listHeaders = path('config/auditing/request-headers', {
  help: 'List the request headers that are on record',
  access: 'sudo',
  isFlat: true,
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'List the request headers that are on record',
      handler: ({ engine }) => reply({ headers: headersOf(engine.transaction) }),
    },
  },
});

const header = path('config/auditing/request-headers/{header...}', {
  help: 'Put a request header on record, or stop that',
  access: 'sudo',
  isFlat: true,
  fields: {
    header: wholePath('The name of the header'),
    hmac: boolean('Whether the value is hashed').default(false),
  },
  operations: {
    write: {
      summary: 'Put a request header on record',
      handler: ({ engine: { transaction }, data }) => {
        const headers = headersOf(transaction);
        const name = headerName(data.header);
        if (Object.keys(headers).length >= MAX_AUDITED_HEADERS && !Object.hasOwn(headers, name)) {
          throw badRequest('too many request headers are audited');
        }
        transaction.put(AUDITED_HEADERS_KEY, { ...headers, [name]: { hmac: data.hmac } });
        return undefined;
      },
    },
    read: {
      standby: 'serve',
      summary: 'Show whether the value of a header is hashed',
      handler: ({ engine: { transaction }, data }) => {
        const name = headerName(data.header);
        const headers = headersOf(transaction);
        if (!Object.hasOwn(headers, name)) throw badRequest('Could not find header in config');
        // Under the name as it was asked, not as it is stored.
        return reply({ [data.header]: headers[name] });
      },
    },
    delete: {
      summary: 'Stop putting a request header on record',
      handler: ({ engine: { transaction }, data }) => {
        const { [headerName(data.header)]: gone, ...kept } = headersOf(transaction);
        if (gone !== undefined) transaction.put(AUDITED_HEADERS_KEY, kept);
        return undefined;
      },
    },
  },
});

export const auditPaths = [listDevices, device, hash, listHeaders, header] as const;

function devicesOf(storage: Storage): readonly DeviceEntry[] {
  return storage.get<AuditTable>(AUDIT_TABLE_KEY)?.entries ?? [];
}

function putDevices(storage: Storage, entries: readonly DeviceEntry[]): void {
  const table: AuditTable = { entries };
  storage.put(AUDIT_TABLE_KEY, table);
}

/** With a slash at the end and none at the start, however it was written. */
function devicePathOf(sent: string): string {
  const trimmed = sent.replace(/^\/+/, '').replace(/\/+$/, '');
  if (trimmed === '') throw badRequest('backend path must be specified');
  return `${trimmed}/`;
}

/** What sys/audit shows of a device: not its salt, with which every text could be tried. */
function shown({ path: at, type, description, options, local }: DeviceEntry) {
  return { path: at, type, description, options, local };
}

function headersOf(storage: Storage): HeaderTable {
  return storage.get<HeaderTable>(AUDITED_HEADERS_KEY) ?? {};
}

function headerName(sent: string): string {
  if (sent === '') throw badRequest('missing header name');
  const name = sent.toLowerCase();
  if (!HEADER_NAME.test(name) || name === '__proto__') throw badRequest('invalid header name');
  return name;
}
