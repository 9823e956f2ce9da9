// Key and value, in the two versions that a mount can have. The mount's option `version` says which.
import { defineEngine } from '#sdk/engine.ts';
import { refuseDowngrade, upgrade } from './adopt.ts';
import { config } from './config.ts';
import { data } from './data.ts';
import { invalidPath } from './invalid-path.ts';
import { metadata } from './metadata.ts';
import { subkeys } from './subkeys.ts';
import { plain } from './v1.ts';
import { deleteVersions, destroyVersions, undeleteVersions } from './versions.ts';

export const kvV1 = defineEngine({
  type: 'kv',
  help: `Keeps values

  What is written is encrypted and kept until it is written over or deleted.`,
  paths: [plain],
  start: () => null,
  adopt: refuseDowngrade,
});

export const kvV2 = defineEngine({
  type: 'kv',
  help: `Keeps values in versions

  Each write adds a version. Versions are read by their numbers, deleted, undeleted and destroyed.`,
  paths: [
    config,
    data,
    metadata,
    deleteVersions,
    undeleteVersions,
    destroyVersions,
    subkeys,
    invalidPath,
  ],
  start: () => null,
  adopt: upgrade,
});
