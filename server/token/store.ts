// Tokens as records: made, found by themselves or by their accessor, and revoked with all that hangs from them.
import { hash, randomBytes } from 'node:crypto';

import type { Clock, Millis } from '#sdk/clock.ts';
import { badRequest } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { TokenEntry } from './entry.ts';

const ID_PREFIX = 'sys/token/id/';
const ACCESSOR_PREFIX = 'sys/token/accessor/';
const PARENT_PREFIX = 'sys/token/parent/';
const SALT_KEY = 'sys/token/salt';
/** The lease of a token, so that leases can be listed by path; the token's own record says when it ends. */
export const LEASE_PREFIX = 'sys/expire/id/';

/** 24 letters of 62 are 143 bits. */
const TOKEN_LETTERS = 24;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Random bytes from here on are thrown away, so that each letter is as likely as any other. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length);
const SALT_BYTES = 32;

/** How a token begins, by its type. */
export const SERVICE_PREFIX = 'hvs.';

interface Salt {
  readonly salt: string;
}

interface AccessorRecord {
  readonly key: string;
}

/** The lease that a token has; what it says besides stands in the token's own record. */
export interface TokenLease {
  readonly kind: 'token';
  readonly token: string;
}

/** A token before it has a name. */
export type NewToken = Omit<TokenEntry, 'key' | 'accessor'>;

export interface MadeToken {
  readonly token: string;
  readonly entry: TokenEntry;
}

/** What must be told when a token ends: the secrets that were leased to it, and its own storage. */
export type TokenEndListener = (transaction: Transaction, entry: TokenEntry) => void;

export class TokenStore {
  readonly #clock: Clock;
  readonly #whenEnded: TokenEndListener;

  constructor(clock: Clock, whenEnded: TokenEndListener) {
    this.#clock = clock;
    this.#whenEnded = whenEnded;
  }

  /** Writes what the store needs once in its life. */
  initialise(transaction: Transaction): void {
    const salt: Salt = { salt: randomBytes(SALT_BYTES).toString('base64url') };
    transaction.put(SALT_KEY, salt);
  }

  /** The name of a token's record. */
  keyOf(transaction: Transaction, token: string): string {
    return `h${this.#hash(transaction, token)}`;
  }

  /** The entry of a token that has not ended. */
  find(transaction: Transaction, token: string): TokenEntry | undefined {
    return this.findByKey(transaction, this.keyOf(transaction, token));
  }

  findByKey(transaction: Transaction, key: string): TokenEntry | undefined {
    const entry = transaction.get<TokenEntry>(ID_PREFIX + key);
    return entry === undefined || hasEnded(entry, this.#clock.now()) ? undefined : entry;
  }

  findByAccessor(transaction: Transaction, accessor: string): TokenEntry | undefined {
    const name = this.#accessorKey(transaction, accessor);
    const record = transaction.get<AccessorRecord>(name);
    return record === undefined ? undefined : this.findByKey(transaction, record.key);
  }

  /** The accessors of all tokens that have not ended. */
  accessors(transaction: Transaction): readonly string[] {
    const keys = transaction
      .list(ACCESSOR_PREFIX)
      .map((name) => transaction.get<AccessorRecord>(ACCESSOR_PREFIX + name)?.key ?? '');
    return keys
      .map((key) => this.findByKey(transaction, key)?.accessor)
      .filter((accessor) => accessor !== undefined);
  }

  /** The keys of all records, of tokens that have ended but are not yet cleared away too. */
  keys(transaction: Transaction): readonly string[] {
    return transaction.list(ID_PREFIX);
  }

  /**
   * Makes a service token.
   *
   * @param id the token itself, where the caller chose it
   * @throws ClientError 400 when such a token exists
   */
  create(transaction: Transaction, made: NewToken, id?: string): MadeToken {
    const token = id ?? SERVICE_PREFIX + randomLetters(TOKEN_LETTERS);
    const entry: TokenEntry = {
      ...made,
      key: this.keyOf(transaction, token),
      accessor: randomLetters(TOKEN_LETTERS),
    };
    if (id !== undefined && this.findByKey(transaction, entry.key) !== undefined) {
      throw badRequest('cannot create a token with a duplicate ID');
    }
    transaction.put(ID_PREFIX + entry.key, entry);
    transaction.put(this.#accessorKey(transaction, entry.accessor), {
      key: entry.key,
    } satisfies AccessorRecord);
    if (entry.parent !== '') transaction.put(parentKey(entry), {});
    if (entry.expiresAt !== undefined) {
      transaction.put(leaseKey(entry), { kind: 'token', token: entry.key } satisfies TokenLease);
    }
    return { token, entry };
  }

  /** Stores what has changed in an entry. */
  update(transaction: Transaction, entry: TokenEntry): void {
    transaction.put(ID_PREFIX + entry.key, entry);
  }

  /** Ends a token with its children, theirs, and all that was leased to any of them. */
  revokeTree(transaction: Transaction, entry: TokenEntry): void {
    for (const child of this.#children(transaction, entry)) this.revokeTree(transaction, child);
    this.#remove(transaction, entry);
  }

  /** Ends a token alone; its children become orphans. */
  revokeOrphaning(transaction: Transaction, entry: TokenEntry): void {
    for (const child of this.#children(transaction, entry)) {
      transaction.delete(parentKey(child));
      this.update(transaction, { ...child, parent: '' });
    }
    this.#remove(transaction, entry);
  }

  /** The record of a token, whether it has ended or not. */
  record(transaction: Transaction, key: string): TokenEntry | undefined {
    return transaction.get<TokenEntry>(ID_PREFIX + key);
  }

  #children(transaction: Transaction, { key }: TokenEntry): readonly TokenEntry[] {
    return transaction
      .list(`${PARENT_PREFIX}${key}/`)
      .map((child) => this.record(transaction, child))
      .filter((child) => child !== undefined);
  }

  #remove(transaction: Transaction, entry: TokenEntry): void {
    transaction.delete(ID_PREFIX + entry.key);
    transaction.delete(this.#accessorKey(transaction, entry.accessor));
    if (entry.parent !== '') transaction.delete(parentKey(entry));
    if (entry.expiresAt !== undefined) transaction.delete(leaseKey(entry));
    this.#whenEnded(transaction, entry);
  }

  #accessorKey(transaction: Transaction, accessor: string): string {
    return ACCESSOR_PREFIX + this.#hash(transaction, accessor);
  }

  #hash(transaction: Transaction, text: string): string {
    const salt = transaction.get<Salt>(SALT_KEY)?.salt ?? '';
    return hash('sha256', salt + text);
  }
}

export function hasEnded({ expiresAt }: Pick<TokenEntry, 'expiresAt'>, now: Millis): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** The id of a token's lease: the path that made it, and the token's key. */
export const leaseIdOf = ({ path, key }: Pick<TokenEntry, 'path' | 'key'>): string =>
  `${path}/${key}`;

const leaseKey = (entry: TokenEntry): string => LEASE_PREFIX + leaseIdOf(entry);
const parentKey = ({ parent, key }: TokenEntry): string => `${PARENT_PREFIX}${parent}/${key}`;

/** The prefix of every token record, for whoever follows their ends. */
export const tokenKeyOf = (storageKey: string): string | undefined =>
  storageKey.startsWith(ID_PREFIX) ? storageKey.slice(ID_PREFIX.length) : undefined;

function randomLetters(count: number): string {
  let letters = '';
  while (letters.length < count) {
    for (const byte of randomBytes(2 * count)) {
      if (byte < FAIR_BYTES && letters.length < count) letters += ALPHABET[byte % ALPHABET.length];
    }
  }
  return letters;
}
