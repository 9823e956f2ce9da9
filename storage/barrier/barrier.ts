// The barrier: everything below it is ciphertext, everything above it is JSON. Sealed, it has no keys and answers
// nothing. How the root key is guarded is the seal's business.
import type { KeyObject } from 'node:crypto';
import { formatTime, type Clock, type Millis } from '#sdk/clock.ts';
import { assert } from '#sdk/errors.ts';
import { parseJson } from '#sdk/json.ts';
import { KEYRING_KEY, ROOT_KEY } from '../key.ts';
import {
  DamagedError,
  NEVER,
  type ApplyListener,
  type Batch,
  type Index,
  type Physical,
} from '../physical.ts';
import { Transaction, type Changes, type Read } from '../transaction.ts';
import { ValueCache } from './cache.ts';
import { openEnvelope, sealEnvelope, termOf, type Term, undamaged } from './envelope.ts';
import { Keyring } from './keyring.ts';
import { deriveKey } from './derive.ts';
import { Nonces } from './nonces.ts';
import { openKeyring, toKeyObject, WrongKeyError } from './root-key.ts';

export { WrongKeyError } from './root-key.ts';

/** The barrier has no keys. The words are Vault's. */
export class SealedError extends Error {
  override readonly name = 'SealedError';
  constructor() {
    super('Vault is sealed');
  }
}

/** What `sys/key-status` shows, by its names. */
export interface KeyInformation {
  readonly term: number;
  readonly install_time: string;
  readonly encryptions: number;
}

/** When the barrier's key is due to be rotated by itself. */
export interface RotationConfig {
  readonly enabled: boolean;
  readonly maxOperations: number;
  /** 0: never because of its age. */
  readonly interval: Millis;
}

/** A key that was never counted is not trusted for longer. */
const UNCOUNTED_KEY_MAX_AGE = (365 * 24 * 3600 * 1000) as Millis;

/** Terms begin at 1; this one names the root key, which encrypts the keyring only. */
const ROOT_TERM = 0 as Term;

export class Barrier {
  readonly physical: Physical;
  readonly #clock: Clock;
  readonly #nonces = new Nonces();
  readonly #cache = new ValueCache();
  #keyring: Keyring | undefined;
  /** Where the keyring that is in use was written: whoever replaces it must have started from it. */
  #keyringIndex: Index = NEVER;
  #savedEncryptions = 0;
  /** The keyrings of this node, as they will lie in storage, that are on their way there. */
  readonly #onTheirWay = new Set<Buffer>();
  #whenLost: () => void = () => {};

  constructor(physical: Physical, clock: Clock) {
    this.physical = physical;
    this.#clock = clock;
  }

  get isInitialised(): boolean {
    return this.physical.indexOf(KEYRING_KEY) !== NEVER;
  }

  get isSealed(): boolean {
    return this.#keyring === undefined;
  }

  /**
   * Makes the first keyring and keeps it, in one batch with the `records` of the seal and with what `prepare` puts, so
   * that storage is either new or whole. The barrier stays sealed.
   */
  async initialise(
    rootKey: Uint8Array,
    records: Batch['writes'] = new Map(),
    prepare: (transaction: Transaction) => void = () => {},
  ): Promise<void> {
    assert(!this.isInitialised, 'the barrier is initialised once');
    const keyring = Keyring.create(toKeyObject(rootKey), this.#clock.now());
    const first = this.#prepare(keyring, prepare);
    await this.#keep(keyring, NEVER, new Map([...records, ...first]));
  }

  /** @throws WrongKeyError when it is not the root key */
  unseal(rootKey: Uint8Array): void {
    assert(this.isInitialised, 'the barrier is initialised before it is unsealed');
    this.#adopt(this.#load(toKeyObject(rootKey)), this.physical.indexOf(KEYRING_KEY));
  }

  /** Forgets all keys and all that was decrypted with them. */
  seal(): void {
    this.#keyring = undefined;
    this.#cache.clear();
  }

  /**
   * Follows the keyring when another node has replaced it: a new key of the barrier, or a new root key. `whenLost` is
   * called when this node has no means to open it any more.
   *
   * @returns what ends that
   */
  follow(whenLost: () => void): () => void {
    this.#whenLost = whenLost;
    const stop = this.physical.observe((keys) => {
      // What this node has replaced itself it adopts when it hears that it is durable.
      if (keys.includes(KEYRING_KEY) && !this.#isOwnKeyring()) this.#catchUp();
    });
    return () => {
      stop();
      this.#whenLost = () => {};
    };
  }

  /** The same as the storage's, as long as what was applied can be read. */
  observe(listener: ApplyListener): () => void {
    return this.physical.observe((keys, index) => {
      if (this.isSealed) return;
      try {
        listener(keys, index);
      } catch (error) {
        // Reading may have shown that this barrier has lost its key: then nobody answers from what was missed.
        if (!this.isSealed) throw error;
      }
    });
  }

  begin(): Transaction {
    if (this.isSealed) throw new SealedError();
    return new Transaction(this);
  }

  /** The value under a key as of the last applied batch; the caller names the type that it once put there. */
  read<T>(key: string): Read<T> | undefined {
    const keyring = this.#open();
    const index = this.physical.indexOf(key);
    if (index === NEVER) return undefined;
    const kept = this.#cache.get(key, index);
    if (kept !== undefined) return { value: kept.value as T, index };

    const envelope = this.physical.get(key);
    if (envelope === undefined) return undefined;
    const plaintext = openEnvelope(this.#keyFor(keyring, key, envelope), key, envelope);
    const value = parseJson(plaintext.toString());
    plaintext.fill(0);
    this.#cache.put(key, index, value, plaintext.length);
    return { value: value as T, index };
  }

  /** Encrypts and commits; see `Physical.commit` for what it may throw. */
  commit({ reads, lists, writes }: Changes): Promise<Index> {
    const ciphertexts = this.#encryptAll(this.#open(), writes);
    return this.physical.commit({ reads, lists, writes: ciphertexts }).then((index) => {
      // What was written is soon read again. A barrier that was sealed meanwhile keeps nothing.
      if (this.#keyring !== undefined) this.#keepTexts(writes, index);
      return index;
    });
  }

  #keepTexts(writes: Changes['writes'], index: Index): void {
    for (const [key, text] of writes) {
      if (text !== undefined) this.#cache.putText(key, index, text);
    }
  }

  /** Seals bytes that are handed out in the place of being stored; `context` is what they may be opened as. */
  sealToken(context: string, plaintext: Uint8Array): Buffer {
    const { active } = this.#open();
    active.encryptions += 1;
    return sealEnvelope(active, this.#nonces, context, plaintext);
  }

  /** What `sealToken` sealed, or `undefined` for anything else: whoever presents it may have made it up. */
  openToken(context: string, envelope: Uint8Array): Buffer | undefined {
    const keyring = this.#open();
    return undamaged(() =>
      openEnvelope(this.#keyFor(keyring, context, envelope), context, envelope),
    );
  }

  /** Seals bytes for whoever holds the root key, whichever keys of the barrier come and go. */
  sealForRoot(context: string, plaintext: Uint8Array): Buffer {
    const rootKey = { term: ROOT_TERM, key: this.#open().rootKey };
    return sealEnvelope(rootKey, this.#nonces, context, plaintext);
  }

  /** What `sealForRoot` sealed under the same root key, `undefined` for anything else. */
  openForRoot(context: string, envelope: Uint8Array): Buffer | undefined {
    const { rootKey } = this.#open();
    return undamaged(() => {
      if (termOf(envelope, context) !== ROOT_TERM) return undefined;
      return openEnvelope(rootKey, context, envelope);
    });
  }

  /** Installs a new key, which encrypts from then on; the older ones go on to decrypt. */
  async rotate(): Promise<void> {
    await this.#replace(this.#open().rotate(this.#clock.now()));
  }

  /**
   * Encrypts the keyring with another root key, in one batch with the `records` of the seal that guards it. The same
   * batch has the new root key under a key of the barrier, for the nodes that were opened with the old one.
   */
  async changeRootKey(rootKey: Uint8Array, records: Batch['writes'] = new Map()): Promise<void> {
    const keyring = this.#open();
    const shared = sealEnvelope(keyring.active, this.#nonces, ROOT_KEY, rootKey);
    keyring.active.encryptions += 1;
    const all = new Map([...records, [ROOT_KEY, shared] as const]);
    await this.#replace(keyring.withRootKey(toKeyObject(rootKey)), all);
  }

  /** Whether a root key is the one that the barrier was opened with. */
  isRootKey(rootKey: Uint8Array): boolean {
    return this.#open().rootKey.equals(toKeyObject(rootKey));
  }

  /** A key for `context` and nothing else, which only who has the root key can make. */
  deriveKey(context: string): KeyObject {
    return deriveKey(this.#open().rootKey, context);
  }

  keyInformation(): KeyInformation {
    const { term, installTime, encryptions } = this.#open().active;
    return { term, install_time: formatTime(installTime), encryptions };
  }

  /** Keeps the count of encryptions, if it has grown. To be called now and then, and before the barrier is sealed. */
  async saveEncryptions(): Promise<void> {
    const keyring = this.#open();
    if (keyring.active.encryptions !== this.#savedEncryptions) await this.#replace(keyring);
  }

  /** Whether the key is to be rotated now. To be asked every few minutes. */
  rotationDue({ enabled, maxOperations, interval }: RotationConfig): boolean {
    const { installTime, encryptions } = this.#open().active;
    const age = this.#clock.now() - installTime;
    if (!enabled) return false;
    if (encryptions === 0) return age > UNCOUNTED_KEY_MAX_AGE;
    return encryptions > maxOperations || (interval > 0 && age > interval);
  }

  /** What `prepare` puts, encrypted. It reads through a barrier that is open for as long. */
  #prepare(keyring: Keyring, prepare: (transaction: Transaction) => void): Batch['writes'] {
    this.#keyring = keyring;
    try {
      const transaction = new Transaction(this);
      prepare(transaction);
      return this.#encryptAll(keyring, transaction.changes().writes);
    } finally {
      this.seal();
    }
  }

  #encryptAll(keyring: Keyring, writes: Changes['writes']): Batch['writes'] {
    const ciphertexts = new Map<string, Uint8Array | undefined>();
    for (const [key, text] of writes) {
      ciphertexts.set(key, text === undefined ? undefined : this.#encrypt(keyring, key, text));
    }
    return ciphertexts;
  }

  #open(): Keyring {
    if (this.#keyring === undefined) throw new SealedError();
    return this.#keyring;
  }

  #encrypt(keyring: Keyring, key: string, text: string): Buffer {
    const plaintext = Buffer.from(text);
    const envelope = sealEnvelope(keyring.active, this.#nonces, key, plaintext);
    plaintext.fill(0);
    keyring.active.encryptions += 1;
    return envelope;
  }

  /** A term that is not known is one that another node has installed since. */
  #keyFor(keyring: Keyring, key: string, envelope: Uint8Array): KeyObject {
    const term = termOf(envelope, key);
    const known = keyring.keyOf(term);
    if (known !== undefined) return known;
    this.#catchUp();
    const found = this.#open().keyOf(term);
    if (found === undefined) throw new DamagedError(`the key of ${key} (term ${term}) is unknown`);
    return found;
  }

  /** Adopts the keyring in storage if it is another one than that in use. */
  #catchUp(): void {
    const keyring = this.#keyring;
    const index = this.physical.indexOf(KEYRING_KEY);
    if (keyring === undefined || index === this.#keyringIndex) return;
    const current = this.#tryToLoad(keyring.rootKey) ?? this.#loadWithShared(keyring);
    if (current !== undefined) {
      this.#adopt(current, index);
      return;
    }
    // Nothing more may be written under keys that are not those of what lies there.
    this.seal();
    this.#whenLost();
  }

  #loadWithShared(keyring: Keyring): Keyring | undefined {
    const envelope = this.physical.get(ROOT_KEY);
    const key = envelope && keyring.keyOf(termOf(envelope, ROOT_KEY));
    if (envelope === undefined || key === undefined) return undefined;
    // It may be that of another cluster, whose state this node was given.
    const rootKey = undamaged(() => openEnvelope(key, ROOT_KEY, envelope));
    const loaded = rootKey && this.#tryToLoad(toKeyObject(rootKey));
    rootKey?.fill(0);
    return loaded;
  }

  #tryToLoad(rootKey: KeyObject): Keyring | undefined {
    if (!this.isInitialised) return undefined; // what was restored by force may be anything
    try {
      return this.#load(rootKey);
    } catch (error) {
      if (error instanceof WrongKeyError) return undefined;
      throw error;
    }
  }

  #load(rootKey: KeyObject): Keyring {
    const envelope = this.physical.get(KEYRING_KEY);
    assert(envelope !== undefined, 'an initialised barrier has a keyring');
    return Keyring.parse(rootKey, openKeyring(rootKey, envelope));
  }

  /** @throws ConflictError when the keyring has been replaced meanwhile, by this node or another */
  async #replace(keyring: Keyring, records: Batch['writes'] = new Map()): Promise<void> {
    try {
      const index = await this.#keep(keyring, this.#keyringIndex, records);
      // The barrier may have been sealed meanwhile.
      if (this.#keyring !== undefined) this.#adopt(keyring, index);
    } finally {
      this.#catchUp(); // another node may have been faster
    }
  }

  async #keep(keyring: Keyring, replaced: Index, records: Batch['writes']): Promise<Index> {
    const rootKey = { term: ROOT_TERM, key: keyring.rootKey };
    const plaintext = keyring.serialise();
    const envelope = sealEnvelope(rootKey, this.#nonces, KEYRING_KEY, plaintext);
    plaintext.fill(0);
    this.#onTheirWay.add(envelope);
    try {
      return await this.physical.commit({
        reads: new Map([[KEYRING_KEY, replaced]]),
        lists: new Map(),
        writes: new Map([...records, [KEYRING_KEY, envelope]]),
      });
    } finally {
      this.#onTheirWay.delete(envelope);
    }
  }

  #isOwnKeyring(): boolean {
    if (this.#onTheirWay.size === 0) return false;
    const lying = this.physical.get(KEYRING_KEY);
    return lying !== undefined && [...this.#onTheirWay].some((own) => own.equals(lying));
  }

  #adopt(keyring: Keyring, index: Index): void {
    this.#keyring = keyring;
    this.#keyringIndex = index;
    this.#savedEncryptions = keyring.active.encryptions;
  }
}
