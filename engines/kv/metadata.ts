// What is known about a secret with versions besides its values: settings of its own, custom metadata, all versions.
import type { Call } from '#sdk/call.ts';
import { formatTime } from '#sdk/clock.ts';
import { formatGoDuration, type Seconds } from '#sdk/duration.ts';
import { boolean, duration, integer, map, rest } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, raw, reply, type DataReply } from '#sdk/reply.ts';
import { requireKey } from '#sdk/storage.ts';
import { parseCustomMetadata, patchCustomMetadata } from './custom-metadata.ts';
import {
  countVersions,
  listSecrets,
  newSecret,
  readConfig,
  readSecret,
  removeSecret,
  versionNumbers,
  versionTimes,
  writeSecret,
  type Secret,
} from './store.ts';

const path = pathFor<null>();

type Json = Readonly<Record<string, unknown>>;

interface MetadataFields {
  readonly path: string;
  readonly max_versions: number | undefined;
  readonly cas_required: boolean | undefined;
  readonly delete_version_after: Seconds | undefined;
  readonly custom_metadata: Json | undefined;
}
type MetadataCall = Call<null, MetadataFields>;

export const metadata = path('metadata/{path...}', {
  help: `Read and change what is known about a secret, list secrets, remove one with all its versions

  A write creates the secret, without a version, when it is not there. A patch changes only one that is there.`,
  fields: {
    path: rest('Location of the secret'),
    max_versions: integer('How many versions are kept; 0 leaves it to the mount'),
    cas_required: boolean('Requires the option "cas" on each write; false leaves it to the mount'),
    delete_version_after: duration(
      'How long after its beginning a version is deleted; 0 leaves it to the mount',
    ),
    custom_metadata: map('Names and texts that describe the secret, whatever the version'),
  },
  exists: ({ storage, data }) => readSecret(storage, data.path) !== undefined,
  operations: {
    read: { standby: 'serve', summary: 'Read the metadata of a secret', handler: read },
    list: {
      standby: 'serve',
      summary: 'List secrets',
      handler: ({ storage, data }) => listReply(listSecrets(storage, data.path)),
    },
    write: { summary: 'Create or change the metadata of a secret', handler: write },
    patch: { summary: 'Merge into the metadata of a secret', handler: patch },
    delete: { summary: 'Remove a secret with all its versions', handler: remove },
  },
});

function read({ storage, data }: MetadataCall) {
  const secret = readSecret(storage, data.path);
  if (secret === undefined) return undefined;
  const numbers = versionNumbers(secret);
  const versions = secret.versions.map((version, index) => [numbers[index], versionTimes(version)]);
  return reply({
    cas_required: secret.cas_required,
    created_time: formatTime(secret.created),
    current_version: secret.current,
    custom_metadata: secret.custom_metadata,
    delete_version_after: formatGoDuration(secret.delete_version_after),
    max_versions: secret.max_versions,
    oldest_version: secret.oldest,
    updated_time: formatTime(secret.updated),
    versions: Object.fromEntries(versions) as Json,
  });
}

function write(call: MetadataCall): DataReply | undefined {
  const { storage, clock, data } = call;
  requireKey(data.path);
  if (!saysSomething(data)) return undefined;
  const custom = data.custom_metadata && parseCustomMetadata(data.custom_metadata);
  const secret = readSecret(storage, data.path) ?? newSecret(clock.now());
  writeSecret(storage, data.path, {
    ...changed(secret, data),
    custom_metadata: custom === undefined ? secret.custom_metadata : orNull(custom),
  });
  return warnedOfCas(call);
}

function patch(call: MetadataCall) {
  const { storage, data, parameters } = call;
  requireKey(data.path);
  const custom = data.custom_metadata && patchCustomMetadata(data.custom_metadata);
  const secret = readSecret(storage, data.path);
  // Vault sends no body with a patch of nothing.
  if (secret === undefined) return raw({ status: 404, contentType: 'application/json', body: '' });
  const before = parameters['custom_metadata'] === null ? null : secret.custom_metadata;
  const after = custom === undefined ? before : orNull(custom(before ?? {}));
  writeSecret(storage, data.path, { ...changed(secret, data), custom_metadata: after });
  return warnedOfCas(call);
}

function remove({ storage, data }: MetadataCall): undefined {
  const secret = readSecret(storage, data.path);
  if (secret !== undefined) removeSecret(storage, data.path, secret);
}

function changed(secret: Secret, sent: MetadataFields): Secret {
  return {
    ...secret,
    max_versions: countVersions(sent.max_versions) ?? secret.max_versions,
    cas_required: sent.cas_required ?? secret.cas_required,
    delete_version_after: sent.delete_version_after ?? secret.delete_version_after,
  };
}

function saysSomething(sent: MetadataFields): boolean {
  const { max_versions, cas_required, delete_version_after, custom_metadata } = sent;
  return [max_versions, cas_required, delete_version_after, custom_metadata].some(
    (one) => one !== undefined,
  );
}

/** The mount's word goes over the secret's: an answer that says so has a body. */
function warnedOfCas({ storage, data, warn }: MetadataCall): DataReply | undefined {
  if (data.cas_required !== false || !readConfig(storage).cas_required) return undefined;
  warn(
    '"cas_required" set to false, but is mandated by backend config. This value will be ignored.',
  );
  return reply(null);
}

function orNull(custom: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  return Object.keys(custom).length === 0 ? null : custom;
}
