// A mark beside the log of a node that its cluster has removed: it takes part in nothing any more, over restarts too,
// until its folder is emptied.
import type { Disk } from './ports.ts';

const NAME = 'removed';

export async function markRemoved(disk: Disk): Promise<void> {
  const file = await disk.create(NAME);
  await file.close();
  await disk.syncFolder();
}

export async function wasRemoved(disk: Disk): Promise<boolean> {
  return (await disk.list()).includes(NAME);
}
