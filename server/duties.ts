// What the active node does and no other: it says where it is found, ends leases, looks after the barrier's key, and takes
// shares for attempts.
// Becoming active takes the duties up in this order, and whatever ends that lays them down in reverse.
import type { Announcer } from './announcer.ts';
import type { Unsealed } from './unsealed.ts';
import { Upkeep } from './upkeep.ts';
import { rememberVersion } from './version-history.ts';

/** @param announcer where there are others who want to know where this node is found */
export async function takeUpDuties(
  services: Unsealed,
  announcer: Announcer | undefined,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { clock, log, barrier, leases, node } = services;
  // Attempts live in the memory of one node; the next active one begins anew.
  stack.adopt(node.rootGeneration, (attempts) => attempts.end());
  stack.adopt(node.rekey, (attempts) => attempts.end());
  // Adopted first, so that it is the last of them to end.
  stack.adopt(announcer, (one) => one?.stop())?.start();
  await rememberVersion(barrier, clock);
  stack.adopt(leases, (manager) => manager.stop());
  leases.start();
  const upkeep = stack.adopt(new Upkeep({ clock, log, barrier }), (keeper) => keeper.stop());
  upkeep.start();
  stack.adopt(node.raft?.autopilot, (autopilot) => autopilot?.stop())?.start();
  return stack.move();
}
