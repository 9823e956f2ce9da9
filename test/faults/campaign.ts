// One campaign: a cluster in its places, one kind of blow, so many rounds.
import { missingFuse } from '#test/helpers/lossy-disk.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { kill, partition, pause, roll } from './blows.ts';
import { Cluster } from './cluster.ts';
import { makeNetworks, missingNetworks } from './partitions.ts';
import { onLoopback, type Places } from './places.ts';
import { onLossyDisks } from './power-cuts.ts';
import { strikeOften, type Blow, type Struck } from './rounds.ts';

export const KINDS = ['kills', 'pauses', 'partitions', 'power-cuts', 'restarts'] as const;
export type Kind = (typeof KINDS)[number];

export interface Wanted {
  readonly command: readonly string[];
  readonly rounds: number;
  readonly seed: number;
}

/** Why a kind cannot be tried on this machine; undefined when it can. */
export async function missingFor(kind: Kind): Promise<string | undefined> {
  if (kind === 'partitions') return missingNetworks();
  return kind === 'power-cuts' ? missingFuse() : undefined;
}

export async function runCampaign(kind: Kind, wanted: Wanted): Promise<Struck> {
  const { places, blow } = await prepare(kind, wanted.seed);
  try {
    const cluster = await Cluster.start({ command: wanted.command, places: places.places });
    try {
      return await strikeOften(cluster, blow, wanted);
    } finally {
      await cluster.stop();
    }
  } finally {
    await places.remove();
  }
}

interface Prepared {
  readonly places: Places;
  readonly blow: Blow;
}

async function prepare(kind: Kind, seed: number): Promise<Prepared> {
  switch (kind) {
    case 'kills':
      return { places: await onLoopback(), blow: kill };
    case 'pauses':
      return { places: await onLoopback(), blow: pause };
    case 'restarts':
      return { places: await onLoopback(), blow: roll };
    case 'partitions': {
      const networks = await makeNetworks();
      return { places: networks, blow: partition(networks) };
    }
    case 'power-cuts': {
      const lossy = await onLossyDisks(seededRandom(seed));
      return { places: lossy, blow: lossy.cutPower };
    }
  }
}
