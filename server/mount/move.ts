// A mount moves to another path with all that it keeps. What was leased from the old path is revoked.
import { badRequest } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { LeaseManager } from '../lease/manager.ts';
import type { Known } from '../request/stages.ts';
import { conflictOf, fullPath } from './enable.ts';
import { isProtected, TOKEN_PATH } from './protected.ts';
import type { MountTable } from './table.ts';

const MOVES_KEY = 'core/mount-moves';
/** Moves are asked about right after they were made; more need not be remembered. */
const MOVES_KEPT_MAX = 100;

export interface Move {
  readonly id: string;
  readonly source_mount: string;
  readonly target_mount: string;
}

interface MovesRecord {
  readonly moves: readonly Move[];
}

interface Surroundings {
  readonly mounts: MountTable;
  readonly leases: LeaseManager;
  readonly transaction: Transaction;
  /** Who asks: a token that goes with the mount goes last. */
  readonly known: Known;
}

/**
 * @param id by which the move can be asked for later
 * @throws ClientError 400 for what cannot move, or not there, and when a lease of it cannot be revoked
 */
export async function moveMount(
  { mounts, leases, transaction, known }: Surroundings,
  { id, from, to }: { readonly id: string; readonly from: string; readonly to: string },
): Promise<void> {
  const move = { id, source_mount: fullPath('secret', from), target_mount: fullPath('secret', to) };
  checkPlaces(move.source_mount, move.target_mount);
  const entries = mounts.entries(transaction);
  const entry = entries.find(({ path }) => path === move.source_mount);
  if (entry === undefined) throw badRequest(`no matching mount at "${move.source_mount}"`);
  const conflict = conflictOf(move.target_mount, entries);
  if (conflict !== undefined) throw badRequest(`path already in use at "${conflict.path}"`);
  await leases.revokeMount(transaction, move.source_mount, known);
  mounts.put(
    transaction,
    entries.map((one) => (one === entry ? { ...entry, path: move.target_mount } : one)),
  );
  const moves = [...movesOf(transaction), move].slice(-MOVES_KEPT_MAX);
  transaction.put(MOVES_KEY, { moves } satisfies MovesRecord);
}

export function findMove(transaction: Transaction, id: string): Move | undefined {
  return movesOf(transaction).find((move) => move.id === id);
}

const movesOf = (transaction: Transaction): readonly Move[] =>
  transaction.get<MovesRecord>(MOVES_KEY)?.moves ?? [];

function checkPlaces(from: string, to: string): void {
  if (to.trim() !== to || /(?:^|\/)\s|\s(?:\/|$)/.test(to)) {
    throw badRequest("'to' path cannot contain leading or trailing whitespace");
  }
  if (from.startsWith('auth/')) {
    if (!to.startsWith('auth/')) {
      throw badRequest(`cannot remount auth mount to non-auth mount "${to}"`);
    }
    if (from.startsWith(TOKEN_PATH)) throw badRequest(`cannot remount "${from}"`);
    if (to.startsWith(TOKEN_PATH)) throw badRequest(`cannot remount to destination "${to}"`);
    return;
  }
  if (isProtected(from)) throw badRequest(`cannot remount "${from}"`);
  if (isProtected(to)) throw badRequest(`cannot remount to destination ${to}`);
}
