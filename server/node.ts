// The life of a process: its storage, its seal, and whether it is sealed or active. What exists only while it is
// unsealed is one value, made by unsealing and disposed of by sealing.
import { randomBytes } from 'node:crypto';
import type { Clock } from '#sdk/clock.ts';
import { badRequest } from '#sdk/errors.ts';
import { Barrier } from '#storage/barrier/barrier.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import type { Physical } from '#storage/physical.ts';
import type { ShareNumbers } from '#storage/seal/seal.ts';
import { ShamirSeal } from '#storage/seal/shamir-seal.ts';
import type { Config } from './config.ts';
import type { Listener } from './config/listener.ts';
import { prepareStorage, type FirstContents } from './initialise.ts';
import { InFlight } from './in-flight.ts';
import { LogLevel, type Log } from './log.ts';
import { catalog } from './mount/catalog.ts';
import type { Catalog } from './mount/table.ts';
import { openServices, type OpenServices } from './open-services.ts';
import type { Unsealed } from './unsealed.ts';
import { BUILD_DATE, VERSION } from './version.ts';

const ROOT_KEY_BYTES = 32;
/** What Go prints for a time that never was. */
const NO_TIME = '0001-01-01T00:00:00Z';

type State =
  { readonly type: 'sealed' } | { readonly type: 'active'; readonly services: OpenServices };

export interface NodeOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config;
  readonly physical: Physical;
  /** The same storage where several nodes share it. */
  readonly cluster?: ClusterStorage;
  readonly storageType: string;
  /** What the log is written from on; a test that keeps its own log need not say. */
  readonly logLevel?: LogLevel;
  /** The engines there are, where a test adds some of its own. */
  readonly catalog?: Catalog;
}

export interface Initialised {
  /** Nobody else has them: whoever hands them out zeroes them. */
  readonly shares: readonly Buffer[];
  readonly rootToken: string;
}

export class Node {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config;
  readonly storageType: string;
  readonly catalog: Catalog;
  readonly cluster: ClusterStorage | undefined;
  readonly logLevel: LogLevel;
  readonly inFlight = new InFlight();
  readonly #physical: Physical;
  readonly #barrier: Barrier;
  readonly #seal: ShamirSeal;
  #state: State = { type: 'sealed' };
  /** Sealing, unsealing and initialising happen one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: NodeOptions) {
    const { clock, log, config, physical, storageType } = options;
    this.clock = clock;
    this.log = log;
    this.config = config;
    this.storageType = storageType;
    this.cluster = options.cluster;
    this.catalog = options.catalog ?? catalog;
    this.logLevel = options.logLevel ?? new LogLevel(config.log_level);
    this.#physical = physical;
    this.#barrier = new Barrier(physical, clock);
    this.#seal = new ShamirSeal(physical);
  }

  get isInitialised(): boolean {
    return this.#barrier.isInitialised;
  }

  /** The services of an unsealed node; whoever has them need not ask again whether it is sealed. */
  unsealed(): Unsealed | undefined {
    return this.#state.type === 'active' ? this.#state.services.unsealed : undefined;
  }

  /** @throws ClientError 400 when the numbers make no sense, or there is something there already */
  initialise(numbers: ShareNumbers, first: FirstContents = {}): Promise<Initialised> {
    return this.#inTurn(async () => {
      const rootKey = randomBytes(ROOT_KEY_BYTES);
      const { shares, records } = this.#seal.guard(rootKey, numbers);
      if (this.isInitialised) throw badRequest('Vault is already initialized');
      let rootToken = '';
      await this.#barrier.initialise(rootKey, records, (transaction) => {
        rootToken = prepareStorage(transaction, this.clock, this.config, first);
      });
      rootKey.fill(0);
      this.log.info('the node was initialised', { ...numbers });
      return { shares, rootToken };
    });
  }

  /** Takes a share; the last one that is needed unseals. */
  provideShare(share: Buffer): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state.type === 'active') return;
      if (!this.isInitialised) throw badRequest('Vault is not initialized');
      const rootKey = this.#seal.provide(share);
      share.fill(0);
      if (rootKey === undefined) return;
      this.#barrier.unseal(rootKey);
      rootKey.fill(0);
      await this.#activate();
    });
  }

  /** @throws ClientError 400 when there is no attempt to forget */
  resetUnseal(): void {
    if (this.#state.type === 'active') throw badRequest('vault is unsealed');
    this.#seal.reset();
  }

  /** Disposes of all that exists only while unsealed, and forgets the keys. */
  seal(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state.type === 'sealed') return;
      const { services } = this.#state;
      this.#state = { type: 'sealed' };
      await services.close();
      this.#barrier.seal();
      this.log.info('the node is sealed');
    });
  }

  async close(): Promise<void> {
    await this.seal();
    await this.#physical.close();
  }

  sealStatus(listener: Pick<Listener, 'redact_version' | 'redact_cluster_name'>): Facts {
    const config = this.#seal.config;
    const { progress, nonce } = this.#seal.progress;
    return {
      type: this.#seal.type,
      initialized: this.isInitialised,
      sealed: this.#state.type === 'sealed',
      t: config?.secret_threshold ?? 0,
      n: config?.secret_shares ?? 0,
      progress,
      nonce,
      version: listener.redact_version ? '' : VERSION,
      build_date: listener.redact_version ? '' : BUILD_DATE,
      migration: false,
      ...this.clusterFacts(listener),
      recovery_seal: false,
      storage_type: this.storageType,
    };
  }

  /** What an unsealed node says of its cluster. */
  clusterFacts({ redact_cluster_name }: Pick<Listener, 'redact_cluster_name'>): Facts {
    const node = this.unsealed()?.node;
    if (node === undefined) return {};
    const { clusterName, clusterId } = node;
    return redact_cluster_name
      ? { cluster_id: clusterId }
      : { cluster_name: clusterName, cluster_id: clusterId };
  }

  /** Without storage for several nodes there is no leader to be sealed: the answer is always the same. */
  leader(): Facts {
    return {
      ha_enabled: false,
      is_self: false,
      active_time: NO_TIME,
      leader_address: '',
      leader_cluster_address: '',
      performance_standby: false,
      performance_standby_last_remote_wal: 0,
    };
  }

  async #activate(): Promise<void> {
    try {
      const services = await openServices(this, this.#barrier, this.#seal);
      this.#state = { type: 'active', services };
      this.log.info('the node is unsealed');
    } catch (error) {
      this.#barrier.seal();
      throw error;
    }
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {}); // whoever asked is told; the next one does not care
    return turn;
  }
}

type Facts = Readonly<Record<string, unknown>>;
