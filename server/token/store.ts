// Tokens as records: made, found by themselves or by their accessor, and revoked with all that hangs from them.
import { hash, randomBytes } from 'node:crypto';
import type { Clock, Millis } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import { badRequest } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import { BATCH_PREFIX, batchEntry, openBatch, sealBatch } from './batch.ts';
import type { NewToken, TokenEntry } from './entry.ts';
import { lettersOf, RandomNames } from './names.ts';

/** Below it, records lie in 256 folders by the first two digits of their name, so that none is too large to be listed. */
export const TOKENS_PREFIX = 'sys/token/id/';
const PARENT_PREFIX = 'sys/token/parent/';
const SALT_KEY = 'sys/token/salt';
/** The lease of a token, so that leases can be listed by path; the token's own record says when it ends. */
export const LEASE_PREFIX = 'sys/expire/id/';

const SALT_BYTES = 32;

/** How a token begins, by its type. */
export const SERVICE_PREFIX = 'hvs.';

interface Salt {
  readonly salt: string;
}

/** The lease that a token has; what it says besides stands in the token's own record. */
export interface TokenLease {
  readonly kind: 'token';
  readonly token: string;
}

/** What a token has that nobody asked anything for: an orphan without end, entity, role or limit. */
export const BARE_TOKEN = {
  type: 'service',
  parent: '',
  displayName: '',
  metadata: null,
  entityId: '',
  numUses: 0,
  creationTtl: seconds(0),
  renewedAt: undefined,
  expiresAt: undefined,
  explicitMaxTtl: seconds(0),
  period: seconds(0),
  isRenewable: false,
  boundCidrs: [],
  role: '',
  noIdentityPolicies: false,
  internal: undefined,
  wrapping: undefined,
} as const satisfies Partial<NewToken>;

export interface MadeToken {
  readonly token: string;
  readonly entry: TokenEntry;
}

/** What must go when tokens end: their own storage. It is told before their records are removed. */
export type TokenEndListener = (transaction: Transaction, entries: readonly TokenEntry[]) => void;

export class TokenStore {
  readonly #clock: Clock;
  readonly #whenEnded: TokenEndListener;
  readonly #names = new RandomNames();

  constructor(clock: Clock, whenEnded: TokenEndListener) {
    this.#clock = clock;
    this.#whenEnded = whenEnded;
  }

  /** Writes what the store needs once in its life. */
  initialise(transaction: Transaction): void {
    const salt: Salt = { salt: randomBytes(SALT_BYTES).toString('base64url') };
    transaction.put(SALT_KEY, salt);
  }

  /** The name of a token's record: it follows from the accessor, and that from the token, so one record answers to both. */
  keyOf(transaction: Transaction, token: string): string {
    return this.#keyOfAccessor(transaction, this.#accessorOf(transaction, token));
  }

  /** The entry of a token that has not ended. */
  find(transaction: Transaction, token: string): TokenEntry | undefined {
    const entry = token.startsWith(BATCH_PREFIX)
      ? openBatch(transaction, token)
      : this.record(transaction, this.keyOf(transaction, token));
    return this.#alive(transaction, entry);
  }

  findByKey(transaction: Transaction, key: string): TokenEntry | undefined {
    return this.#alive(transaction, this.record(transaction, key));
  }

  findByAccessor(transaction: Transaction, accessor: string): TokenEntry | undefined {
    return this.findByKey(transaction, this.#keyOfAccessor(transaction, accessor));
  }

  /** The accessors of all tokens; of one that has just ended perhaps too. */
  accessors(transaction: Transaction): readonly string[] {
    return this.#keys(transaction).map((key) => this.record(transaction, key)?.accessor ?? '');
  }

  /** How many tokens there are, but for batch tokens, which nobody counts. */
  count(transaction: Transaction): number {
    return this.#keys(transaction).length;
  }

  /**
   * Makes a token.
   *
   * @param id the token itself, where the caller chose it; a batch token is what it carries, whatever was chosen
   * @throws ClientError 400 when such a token exists
   */
  create(transaction: Transaction, made: NewToken, id?: string): MadeToken {
    if (made.type === 'batch') {
      return { token: sealBatch(transaction, made), entry: batchEntry(made) };
    }
    const token = id ?? SERVICE_PREFIX + this.#names.next();
    const accessor = this.#accessorOf(transaction, token);
    const entry: TokenEntry = {
      ...made,
      key: this.#keyOfAccessor(transaction, accessor),
      accessor,
    };
    if (id !== undefined) this.#makeWay(transaction, entry.key);
    transaction.put(recordKey(entry.key), entry);
    if (entry.parent !== '') transaction.put(parentKey(entry), {});
    if (entry.expiresAt !== undefined) {
      transaction.put(leaseKey(entry), { kind: 'token', token: entry.key } satisfies TokenLease);
    }
    return { token, entry };
  }

  /** Stores what has changed in an entry. */
  update(transaction: Transaction, entry: TokenEntry): void {
    transaction.put(recordKey(entry.key), entry);
  }

  /** Ends a token with its children, theirs, and the storage of each. */
  revokeTree(transaction: Transaction, entry: TokenEntry): void {
    const tree = [entry];
    // Everything is read before anything is written: a list costs more the more its transaction has written.
    for (const member of tree) {
      for (const child of this.#children(transaction, member)) tree.push(child);
    }
    this.#remove(transaction, tree);
  }

  /** Ends a token alone; its children become orphans. */
  revokeOrphaning(transaction: Transaction, entry: TokenEntry): void {
    const children = this.#children(transaction, entry);
    this.#remove(transaction, [entry]);
    for (const child of children) {
      transaction.delete(parentKey(child));
      this.update(transaction, { ...child, parent: '' });
    }
  }

  /** The record of a token, whether it has ended or not. */
  record(transaction: Transaction, key: string): TokenEntry | undefined {
    return transaction.get<TokenEntry>(recordKey(key));
  }

  /** A child lives no longer than its parent, also while nobody has cleared it away. */
  #alive(transaction: Transaction, entry: TokenEntry | undefined): TokenEntry | undefined {
    if (entry === undefined || hasEnded(entry, this.#clock.now())) return undefined;
    if (entry.parent === '') return entry;
    const parent = this.record(transaction, entry.parent);
    const isOrphaned = parent === undefined || hasEnded(parent, this.#clock.now());
    return isOrphaned ? undefined : entry;
  }

  /** A token that has ended gives its id back. */
  #makeWay(transaction: Transaction, key: string): void {
    if (this.findByKey(transaction, key) !== undefined) {
      throw badRequest('cannot create a token with a duplicate ID');
    }
    const ended = this.record(transaction, key);
    if (ended !== undefined) this.revokeTree(transaction, ended);
  }

  #children(transaction: Transaction, { key }: TokenEntry): readonly TokenEntry[] {
    return transaction
      .list(`${PARENT_PREFIX}${key}/`)
      .map((child) => this.record(transaction, child))
      .filter((child) => child !== undefined);
  }

  #remove(transaction: Transaction, entries: readonly TokenEntry[]): void {
    this.#whenEnded(transaction, entries);
    for (const entry of entries) {
      transaction.delete(recordKey(entry.key));
      if (entry.parent !== '') transaction.delete(parentKey(entry));
      if (entry.expiresAt !== undefined) transaction.delete(leaseKey(entry));
    }
  }

  #keys(transaction: Transaction): readonly string[] {
    const folders = transaction.list(TOKENS_PREFIX);
    return folders.flatMap((folder) => transaction.list(TOKENS_PREFIX + folder));
  }

  /** Nobody finds the way back to the token without guessing all of it. */
  #accessorOf(transaction: Transaction, token: string): string {
    return lettersOf(hash('sha256', `${salt(transaction)} accessor ${token}`, 'buffer'));
  }

  #keyOfAccessor(transaction: Transaction, accessor: string): string {
    return `h${hash('sha256', `${salt(transaction)} key ${accessor}`)}`;
  }
}

/** Without it, nobody can tell from storage which accessors there are. */
const salt = (transaction: Transaction): string => transaction.get<Salt>(SALT_KEY)?.salt ?? '';

export function hasEnded({ expiresAt }: Pick<TokenEntry, 'expiresAt'>, now: Millis): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** The id of a token's lease: the path that made it, which ends in a slash for a list that is wrapped, and the key. */
export const leaseIdOf = ({ path, key }: Pick<TokenEntry, 'path' | 'key'>): string =>
  path.endsWith('/') ? path + key : `${path}/${key}`;

/** The storage key of a token's record. */
export const recordKey = (key: string): string => `${TOKENS_PREFIX}${key.slice(1, 3)}/${key}`;

/** The token whose record a storage key is of, if it is of one. */
export const tokenOfRecord = (storageKey: string): string | undefined =>
  storageKey.startsWith(TOKENS_PREFIX)
    ? storageKey.slice(storageKey.lastIndexOf('/') + 1)
    : undefined;

const leaseKey = (entry: TokenEntry): string => LEASE_PREFIX + leaseIdOf(entry);
const parentKey = ({ parent, key }: TokenEntry): string => `${PARENT_PREFIX}${parent}/${key}`;
