// LevelDB keeps the contract of every backend.
import { join } from 'node:path';
import { openLevel } from '#storage/level.ts';
import { storageSuite } from '#test/conformance/storage.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

storageSuite('level', {
  make: (t) => {
    const folder = join(temporaryFolder(t), 'store');
    return () => openLevel(folder);
  },
  survives: true,
});
