// The power of the whole cluster is cut: each disk keeps only what was synced, and all nodes come back.
import { setTimeout as sleep } from 'node:timers/promises';
import { LossyDisk } from '#test/helpers/lossy-disk.ts';
import type { Random } from '#test/helpers/random.ts';
import { NODES } from './cluster.ts';
import { onLoopback, type Places } from './places.ts';
import type { Blow } from './rounds.ts';

/** How long servers may go on after the cut: what they acknowledge now must have been synced before. */
const AFTERMATH_MS = 100;

export interface LossyPlaces extends Places {
  readonly cutPower: Blow;
}

export async function onLossyDisks(random: Random): Promise<LossyPlaces> {
  const seed = (): number => random.below(2 ** 31);
  const disks: LossyDisk[] = [];
  for (let node = 0; node < NODES; node += 1) {
    const disk = await LossyDisk.make();
    disks.push(disk);
    await disk.mount(seed());
  }
  const loopback = await onLoopback(disks.map(({ data }) => data));
  const { places } = loopback;
  const cutPower: Blow = async (cluster) => {
    await Promise.all(disks.map(async (disk) => disk.cut()));
    await sleep(AFTERMATH_MS);
    await Promise.all(places.map(async (_, node) => cluster.end(node, 'SIGKILL')));
    for (const disk of disks) {
      await disk.unmount();
      await disk.mount(seed());
    }
    // A node that is alone is in service only when another is there too.
    await Promise.all(places.map(async (_, node) => cluster.revive(node)));
    return 'power cut';
  };
  return {
    places,
    cutPower,
    remove: async () => {
      for (const disk of disks) await disk.remove();
      await loopback.remove();
    },
  };
}
