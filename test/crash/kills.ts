// kill -9 under load.
import { seeded } from './random.ts';
import { strikeOften } from './rounds.ts';
import type { Struck } from './rounds.ts';
import { startCrashServer } from './server.ts';

export interface Wanted {
  readonly command: readonly string[];
  readonly rounds: number;
  readonly seed: number;
}

export async function killOften({ command, rounds, seed }: Wanted): Promise<Struck> {
  const server = await startCrashServer(command);
  try {
    const blow = async (): Promise<void> => server.servers.stopNode(0, 'SIGKILL');
    return await strikeOften(server, blow, { rounds, random: seeded(seed) });
  } finally {
    await server.stop();
  }
}
