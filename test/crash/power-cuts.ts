// Power cuts under load: the disk keeps only what was synced (lossyfs.py).
import { setTimeout as sleep } from 'node:timers/promises';
import { LossyDisk } from '#test/helpers/lossy-disk.ts';
import type { Wanted } from './kills.ts';
import { seeded } from './random.ts';
import { strikeOften } from './rounds.ts';
import type { Struck } from './rounds.ts';
import { startCrashServer } from './server.ts';

/** How long a server may go on after the cut: what it acknowledges now must have been synced before. */
const AFTERMATH_MS = 100;

export async function cutPowerOften({ command, rounds, seed }: Wanted): Promise<Struck> {
  const random = seeded(seed);
  const disk = await LossyDisk.make();
  try {
    await disk.mount(random.below(2 ** 31));
    const server = await startCrashServer(command, disk.data);
    try {
      const blow = async (): Promise<void> => {
        await disk.cut();
        await sleep(AFTERMATH_MS);
        await server.servers.stopNode(0, 'SIGKILL');
        await disk.unmount();
        await disk.mount(random.below(2 ** 31));
      };
      return await strikeOften(server, blow, { rounds, random });
    } finally {
      await server.stop();
    }
  } finally {
    await disk.remove();
  }
}
