// The values of secrets with versions: read one, write the next, patch the newest into the next, delete the newest.
import type { Call } from '#sdk/call.ts';
import { decodeInteger, DecodeError } from '#sdk/decode.ts';
import { badRequest } from '#sdk/errors.ts';
import { integer, map, rest } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { raw, reply } from '#sdk/reply.ts';
import { requireKey } from '#sdk/storage.ts';
import { mergePatch } from './merge-patch.ts';
import {
  addVersion,
  changeVersions,
  isGone,
  newSecret,
  readConfig,
  readSecret,
  readValue,
  versionMetadata,
  versionOf,
  writeSecret,
  type Secret,
  type Settings,
} from './store.ts';

const path = pathFor<null>();

type Json = Readonly<Record<string, unknown>>;

interface DataFields {
  readonly path: string;
  readonly version: number;
  readonly options: Json;
  readonly data: Json;
}
type DataCall = Call<null, DataFields>;

export const data = path('data/{path...}', {
  help: `Write, patch, read and delete versions of a secret

  Each write adds a version. A read answers the newest unless "version" names another. A delete hides the newest
  version until it is undeleted.`,
  fields: {
    path: rest('Location of the secret'),
    version: integer('The version to read; 0 means the newest').default(0),
    options: map(
      'Options of a write. "cas": write only if the newest version has this number; 0 means that there is none',
    ).default({}),
    data: map('The value of the next version').required('no data provided'),
  },
  exists: ({ storage, data: { path: name } }) => readSecret(storage, name) !== undefined,
  operations: {
    read: { standby: 'serve', summary: 'Read a version of a secret', handler: read },
    write: { summary: 'Write the next version of a secret', handler: write },
    patch: { summary: 'Merge into the newest version of a secret', handler: patch },
    delete: { summary: 'Delete the newest version of a secret', handler: remove },
  },
});

/** Answers for a secret that is not there; Vault sends no body with a patch of none. */
const NOTHING_TO_PATCH = raw({ status: 404, contentType: 'application/json', body: '' });

function read({ storage, clock, data: { path: name, version: asked } }: DataCall) {
  const secret = readSecret(storage, name);
  if (secret === undefined) return undefined;
  const number = asked > 0 ? asked : secret.current;
  const version = versionOf(secret, number);
  if (version === undefined) return undefined;
  const metadata = versionMetadata(secret, number, version);
  if (isGone(version, clock.now())) return reply({ data: null, metadata }, { status: 404 });
  return reply({ data: readValue(storage, name, number), metadata });
}

function write({ storage, clock, data: fields, parameters }: DataCall) {
  const { path: name, options } = fields;
  requireKey(name);
  const now = clock.now();
  const config = readConfig(storage);
  const secret = readSecret(storage, name) ?? newSecret(now);
  checkAndSet(options, config, secret);
  // A null is kept as the value that it is, although it counts as an empty map elsewhere.
  const value = parameters['data'] === null ? null : fields.data;
  return written(addVersion(storage, name, secret, { data: value, config, now }));
}

function patch({ storage, clock, data: { path: name, options, data: changes } }: DataCall) {
  const secret = readSecret(storage, name);
  if (secret === undefined) return NOTHING_TO_PATCH;
  const config = readConfig(storage);
  checkAndSet(options, config, secret);
  const version = versionOf(secret, secret.current);
  if (version === undefined) return NOTHING_TO_PATCH;
  const now = clock.now();
  if (isGone(version, now)) {
    return reply(versionMetadata(secret, secret.current, version), { status: 404 });
  }
  const value = mergePatch(readValue(storage, name, secret.current), changes);
  return written(addVersion(storage, name, secret, { data: value, config, now }));
}

function remove({ storage, clock, data: { path: name } }: DataCall): undefined {
  const secret = readSecret(storage, name);
  if (secret === undefined) return;
  const now = clock.now();
  const version = versionOf(secret, secret.current);
  if (version === undefined || isGone(version, now)) return;
  const newest = new Set([secret.current]);
  const changed = changeVersions(secret, newest, (one) => ({ ...one, deletion: now }));
  writeSecret(storage, name, changed);
}

function written(secret: Secret) {
  const version = versionOf(secret, secret.current);
  return reply(version === undefined ? null : versionMetadata(secret, secret.current, version));
}

/** Refuses a write whose writer has not seen the newest version, where that is asked for or required. */
function checkAndSet(options: Json, config: Settings, secret: Secret): void {
  if (!Object.hasOwn(options, 'cas')) {
    if (!config.cas_required && !secret.cas_required) return;
    throw badRequest('check-and-set parameter required for this call');
  }
  if (decodeCas(options['cas']) !== secret.current) {
    throw badRequest('check-and-set parameter did not match the current version');
  }
}

function decodeCas(sent: unknown): number {
  try {
    return decodeInteger(sent);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest('error parsing check-and-set parameter');
  }
}
