// The settings of a mount with versions, which hold for every secret in it.
import type { Call } from '#sdk/call.ts';
import { formatGoDuration, seconds, type Seconds } from '#sdk/duration.ts';
import { boolean, integer, signedDuration } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import { countVersions, readConfig, writeConfig, type Settings } from './store.ts';

const path = pathFor<null>();

export const config = path('config', {
  help: `Configure the versions of all secrets of this mount

  A secret's own metadata can keep more versions, require check-and-set too, or delete versions sooner.`,
  fields: {
    max_versions: integer('How many versions of a secret are kept; 0 means 10'),
    cas_required: boolean('Requires the option "cas" on each write'),
    delete_version_after: signedDuration(
      'How long after its beginning a version is deleted; 0 means never, a negative one never for any secret',
    ),
  },
  operations: {
    read: { standby: 'serve', summary: 'Read the configuration', handler: read },
    write: { summary: 'Change the configuration', handler: write },
  },
});

/** A negative duration means: never. Which one was sent is not kept. */
const NEVER = seconds(-1);

type Sent = { readonly [K in keyof Settings]: Settings[K] | undefined };

function read({ storage }: Call<null, Sent>) {
  const { max_versions, cas_required, delete_version_after } = readConfig(storage);
  return reply({
    max_versions,
    cas_required,
    delete_version_after: formatGoDuration(delete_version_after),
  });
}

function write({ storage, data }: Call<null, Sent>): undefined {
  const { max_versions, cas_required, delete_version_after } = data;
  if ([max_versions, cas_required, delete_version_after].every((one) => one === undefined)) return;
  const before = readConfig(storage);
  writeConfig(storage, {
    max_versions: countVersions(max_versions) ?? before.max_versions,
    cas_required: cas_required ?? before.cas_required,
    delete_version_after: orNever(delete_version_after) ?? before.delete_version_after,
  });
}

function orNever(sent: Seconds | undefined): Seconds | undefined {
  return sent !== undefined && sent < 0 ? NEVER : sent;
}
