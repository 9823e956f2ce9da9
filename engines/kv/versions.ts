// Chosen versions of a secret: hidden, shown again, or destroyed for good. Versions that are not there are passed over.
import type { Call } from '#sdk/call.ts';
import { badRequest } from '#sdk/errors.ts';
import { commaIntegers, rest } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import {
  changeVersions,
  deletionRule,
  isGone,
  readConfig,
  readSecret,
  removeValue,
  versionOf,
  writeSecret,
  type Secret,
  type Version,
} from './store.ts';

const path = pathFor<null>();

interface VersionsFields {
  readonly path: string;
  readonly versions: readonly number[];
}
type VersionsCall = Call<null, VersionsFields>;

const fields = {
  path: rest('Location of the secret'),
  versions: commaIntegers('The numbers of the versions').default([]),
} as const;

export const deleteVersions = path('delete/{path...}', {
  help: `Delete versions of a secret

  Their values are kept, but not shown until they are undeleted.`,
  fields,
  operations: { write: { summary: 'Delete versions of a secret', handler: remove } },
});

export const undeleteVersions = path('undelete/{path...}', {
  help: `Undelete versions of a secret

  Their values are shown again; a rule that deletes versions after a time begins anew for them.`,
  fields,
  operations: { write: { summary: 'Undelete versions of a secret', handler: restore } },
});

export const destroyVersions = path('destroy/{path...}', {
  help: `Destroy versions of a secret

  Their values are removed for good. That they were there stays in the metadata.`,
  fields,
  operations: { write: { summary: 'Destroy versions of a secret', handler: destroy } },
});

function remove(call: VersionsCall): undefined {
  requireVersions(call, 'No version number provided');
  const now = call.clock.now();
  update(call, (version) => (isGone(version, now) ? version : { ...version, deletion: now }));
}

function restore(call: VersionsCall): undefined {
  requireVersions(call, 'No version number provided');
  const config = readConfig(call.storage);
  const now = call.clock.now();
  update(call, (version, secret) => {
    if (version.destroyed === true) return version;
    return { created: version.created, ...deletionRule(config, secret, now) };
  });
}

function destroy(call: VersionsCall): undefined {
  requireVersions(call, 'no version number provided');
  const { storage, data } = call;
  const secret = update(call, (version) => ({ ...version, destroyed: true }));
  if (secret === undefined) return;
  for (const number of new Set(data.versions)) {
    if (versionOf(secret, number) !== undefined) removeValue(storage, data.path, number);
  }
}

function update(
  { storage, data }: VersionsCall,
  change: (version: Version, secret: Secret) => Version,
): Secret | undefined {
  const secret = readSecret(storage, data.path);
  if (secret === undefined) return undefined;
  const changed = changeVersions(secret, new Set(data.versions), (one) => change(one, secret));
  writeSecret(storage, data.path, changed);
  return changed;
}

function requireVersions({ data }: VersionsCall, missing: string): void {
  if (data.versions.length === 0) throw badRequest(missing);
}
