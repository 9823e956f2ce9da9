// The life of a process: its storage, its seal, and whether it is sealed, a standby or active. What exists only while it
// is unsealed is made by unsealing and disposed of by sealing; what exists only while it is active is in duties.ts.
import { randomBytes } from 'node:crypto';
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import { badRequest } from '#sdk/errors.ts';
import type { Server } from '#raft/types.ts';
import { Barrier, WrongKeyError } from '#storage/barrier/barrier.ts';
import type { ClusterStorage, Role } from '#storage/cluster-storage.ts';
import type { Physical } from '#storage/physical.ts';
import type { SealConfig, ShareNumbers, UnsealProgress } from '#storage/seal/seal.ts';
import { ShamirSeal } from '#storage/seal/shamir-seal.ts';
import { standAlone, takePart, type Activity } from './activity.ts';
import { apiAddressOf, clusterAddressOf, hostAndPort } from './addresses.ts';
import { advertisementOf, leadingServer, type Advertisement } from './advertisement.ts';
import { makeAuthority } from './cluster/authority.ts';
import type { JoinRequest } from './cluster/leader.ts';
import type { Config } from './config.ts';
import { prepareStorage, type FirstContents } from './initialise.ts';
import { InFlight } from './in-flight.ts';
import type { ForwardedHandler, Link, OpenLink } from './link.ts';
import { LogLevel, type Log } from './log.ts';
import { makeMetrics, nodeGauges } from './metrics/make-metrics.ts';
import type { Metrics } from './metrics/metrics.ts';
import { MeteredStorage } from './metrics/metered-storage.ts';
import { catalog } from './mount/catalog.ts';
import type { Catalog } from './mount/table.ts';
import type { Entering, Newcomer } from './newcomer.ts';
import { openServices, type OpenServices } from './open-services.ts';
import type { Unsealed } from './unsealed.ts';

const ROOT_KEY_BYTES = 32;
const REMOVED =
  'this node was removed from its cluster; its storage has to be emptied before it can join again';

type State =
  | { readonly type: 'sealed' }
  | {
      readonly type: 'unsealed';
      readonly services: OpenServices;
      readonly activity: Activity;
    };

/** The cluster that the storage is shared in. */
export interface Membership {
  readonly storage: ClusterStorage;
  readonly openLink: OpenLink;
  /** What this node is until it has data; a test whose nodes have some need not say. */
  readonly newcomer?: Newcomer | undefined;
}

export interface NodeOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config;
  readonly physical: Physical;
  readonly storageType: string;
  /** Where the storage has been told to keep figures already; otherwise the node's own. */
  readonly metrics?: Metrics;
  /** Absent where the storage is of this node alone. */
  readonly membership?: Membership | undefined;
  /** What the log is written from on; a test that keeps its own log need not say. */
  readonly logLevel?: LogLevel;
  /** The engines there are, where a test adds some of its own. */
  readonly catalog?: Catalog;
  /** Called when the storage has failed: the process cannot go on. */
  readonly whenFailed?: (reason: string) => void;
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
  readonly logLevel: LogLevel;
  readonly inFlight = new InFlight();
  readonly metrics: Metrics;
  /** The storage as a member of a cluster, where it is one. */
  readonly cluster: ClusterStorage | undefined;
  /** Where this node is found; the id is '' for a node that is in no cluster. */
  readonly own: Advertisement;
  readonly #options: NodeOptions;
  readonly #physical: Physical;
  readonly #barrier: Barrier;
  readonly #newcomer: Newcomer | undefined;
  readonly #seal: ShamirSeal;
  #state: State = { type: 'sealed' };
  /** Of the last time that this node was unsealed; the metrics of a sealed node go on under it. */
  #clusterName = '';
  /** Sealing, unsealing and initialising happen one after another. */
  #last: Promise<unknown> = Promise.resolve();
  /** Those who wait for the node to become active or a standby. */
  readonly #waiting = new Set<() => void>();
  #changes = 0;
  #handler: ForwardedHandler = ({ refuse }) => refuse('the node begins to listen');

  constructor(options: NodeOptions) {
    const { clock, log, config, physical, storageType } = options;
    this.clock = clock;
    this.log = log;
    this.config = config;
    this.storageType = storageType;
    this.catalog = options.catalog ?? catalog;
    this.logLevel = options.logLevel ?? new LogLevel(config.log_level);
    this.cluster = options.membership?.storage;
    this.own = {
      id: this.cluster?.id ?? ('' as Advertisement['id']),
      apiAddress: apiAddressOf(config),
      clusterAddress: clusterAddressOf(config),
    };
    this.#options = options;
    this.#physical = physical;
    this.#newcomer = options.membership?.newcomer;
    this.metrics = options.metrics ?? makeMetrics(this);
    this.#barrier = new Barrier(
      this.cluster === undefined ? physical : new MeteredStorage(this.cluster, this.metrics),
      clock,
    );
    this.#seal = new ShamirSeal(physical);
    this.#barrier.follow(() => {
      log.error('storage is under another root key now: this node needs the shares of that one');
      this.#sealByItself();
    });
    this.metrics.observe(() => nodeGauges(this, this.#clusterName));
  }

  /** Whether there is a seal that takes shares: the node's own, or that of a cluster that it is to be a member of. */
  get isInitialised(): boolean {
    return this.#barrier.isInitialised || this.#newcomer?.sealing !== undefined;
  }

  /** Has what other nodes send on answered by `handler`. */
  onForwarded(handler: ForwardedHandler): void {
    this.#handler = handler;
  }

  /** The services of an unsealed node; whoever has them need not ask again whether it is sealed. */
  unsealed(): Unsealed | undefined {
    return this.#state.type === 'unsealed' ? this.#state.services.unsealed : undefined;
  }

  /** Since when this node is the active one; `undefined` while it is sealed or a standby. */
  get activeSince(): Millis | undefined {
    return this.#state.type === 'unsealed' ? this.#state.activity.activeSince : undefined;
  }

  /** What ties this node to the others, while it is unsealed and not alone. */
  get link(): Link | undefined {
    return this.#state.type === 'unsealed' ? this.#state.activity.link : undefined;
  }

  /** Where the node is found that leads the cluster; `undefined` while that is not known. */
  leader(): Advertisement | undefined {
    const role = this.cluster?.status().role;
    if (role === undefined || this.unsealed() === undefined) return undefined;
    if (role.type === 'leader') return this.own;
    return role.type === 'follower' ? advertisementOf(this.#barrier, role.leader) : undefined;
  }

  /** Where requests that this node does not answer are sent; `undefined` while nobody else is known to lead. */
  get sendsTo(): Pick<Server, 'id' | 'address'> | undefined {
    if (this.cluster === undefined || this.unsealed() === undefined) return undefined;
    return leadingServer(this.cluster, this.#barrier);
  }

  /** How often the node has become active or a standby, for those who look before they wait. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Resolves when the node has become active or a standby, or after `delay`.
   *
   * @param seen `changes` as of when there was nothing to be done
   */
  changed(delay: number, seen = this.#changes): Promise<void> {
    if (seen !== this.#changes) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.clock.after(millis(delay), () => done());
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
    });
  }

  /** @throws ClientError 400 when the numbers make no sense, or there is something there already */
  initialise(numbers: ShareNumbers, first: FirstContents = {}): Promise<Initialised> {
    return this.#inTurn(async () => {
      const rootKey = randomBytes(ROOT_KEY_BYTES);
      const { shares, records } = this.#seal.guard(rootKey, numbers);
      if (this.isInitialised) throw badRequest('Vault is already initialized');
      const authorities = this.cluster && makeAuthority(this.clock.now());
      await this.cluster?.bootstrap(hostAndPort(this.own.clusterAddress));
      let rootToken = '';
      await this.#barrier.initialise(rootKey, records, (transaction) => {
        rootToken = prepareStorage(transaction, this.clock, this.config, { ...first, authorities });
      });
      rootKey.fill(0);
      this.#newcomer?.stop();
      this.log.info('the node was initialised', { ...numbers });
      return { shares, rootToken };
    });
  }

  /** Begins to look for the cluster that the configuration names, unless the node has data of one. */
  startJoining(): void {
    if (!this.#barrier.isInitialised) this.#newcomer?.start();
  }

  /** Looks for a cluster to be a member of; whether this node is one, or has found one. */
  async join(request: JoinRequest): Promise<boolean> {
    return this.#barrier.isInitialised || (await this.#newcomer?.join(request)) === true;
  }

  /** Takes a share; the last one that is needed unseals. A node that has just been let in does so as soon as it can. */
  async provideShare(share: Buffer): Promise<void> {
    const entering = await this.#takeShare(share);
    if (entering !== undefined) void this.#openWhenArrived(entering);
  }

  async #openWhenArrived({ arrived }: Entering): Promise<void> {
    try {
      await arrived;
      await this.#inTurn(() => this.#openOnce());
    } catch (error) {
      this.log.error('the state of the cluster could not be opened', { error: String(error) });
    }
  }

  #takeShare(share: Buffer): Promise<Entering | undefined> {
    return this.#inTurn(async () => {
      if (this.#state.type === 'unsealed' || this.#newcomer?.isEntering === true) return undefined;
      if (!this.isInitialised) throw badRequest('Vault is not initialized');
      if (this.cluster?.status().role.type === 'removed') throw badRequest(REMOVED);
      if (!this.#barrier.isInitialised) {
        const entering = this.#newcomer?.provideShare(share, (rootKey) => this.#tryKey(rootKey));
        return entering?.finally(() => share.fill(0));
      }
      const rootKey = this.#seal.provide(share);
      share.fill(0);
      if (rootKey === undefined) return undefined;
      this.#barrier.unseal(rootKey);
      rootKey.fill(0);
      await this.#open();
      return undefined;
    });
  }

  /** What has come over so far may be from before there was this root key. */
  #tryKey(rootKey: Buffer): boolean {
    if (!this.#barrier.isInitialised) return false;
    try {
      this.#barrier.unseal(rootKey);
      return true;
    } catch (error) {
      if (error instanceof WrongKeyError) return false;
      throw error;
    }
  }

  async #openOnce(): Promise<void> {
    if (this.#state.type === 'sealed' && !this.#barrier.isSealed) await this.#open();
  }

  /** @throws ClientError 400 when there is no attempt to forget */
  resetUnseal(): void {
    if (this.#state.type === 'unsealed') throw badRequest('vault is unsealed');
    this.#newcomer?.reset();
    this.#seal.reset();
  }

  /** Has another node be active, if there is one that can. */
  async handOver(): Promise<void> {
    if (this.#state.type === 'unsealed') await this.#state.activity.handOver();
  }

  /** Hands over what others can go on with, disposes of all that exists only while unsealed, and forgets the keys. */
  seal(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state.type === 'sealed') return;
      const { services, activity } = this.#state;
      // Where another node takes over, requests are sent on to it meanwhile.
      if (activity.link === undefined) this.#state = { type: 'sealed' };
      // In reverse, and each whatever becomes of the one before: a disk that fails is no reason to keep the keys.
      await using stack = new AsyncDisposableStack();
      stack.defer(() => this.#forgetKeys());
      stack.defer(() => services.close());
      stack.defer(() => {
        this.#state = { type: 'sealed' };
      });
      stack.defer(() => activity.close());
    });
  }

  #forgetKeys(): void {
    this.#barrier.seal();
    this.#tellOfChange();
    this.log.info('the node is sealed');
  }

  /** Nobody has asked for it, so nobody else is told how it went. */
  #sealByItself(): void {
    this.seal().catch((error: unknown) => {
      this.log.error('the node is sealed, and not all of it ended well', { error: String(error) });
    });
  }

  async close(): Promise<void> {
    this.#newcomer?.stop();
    await this.seal();
    await this.#physical.close();
  }

  /** What the seal is like, and how far an attempt to open it has come. */
  get sealing(): { readonly config: SealConfig | undefined } & UnsealProgress & {
      readonly type: string;
    } {
    const own = { config: this.#seal.config, ...this.#seal.progress };
    return { type: this.#seal.type, ...own, ...this.#newcomer?.sealing };
  }

  async #open(): Promise<void> {
    try {
      await using stack = new AsyncDisposableStack();
      const services = stack.adopt(await openServices(this, this.#barrier, this.#seal), (opened) =>
        opened.close(),
      );
      this.#clusterName = services.unsealed.node.clusterName;
      const activity = await this.#becomePart(services.unsealed);
      this.#state = { type: 'unsealed', services, activity };
      stack.move();
    } catch (error) {
      this.#state = { type: 'sealed' };
      this.#barrier.seal();
      throw error;
    }
    this.#tellOfChange();
    this.log.info('the node is unsealed');
  }

  #becomePart(services: Unsealed): Promise<Activity> {
    const { membership } = this.#options;
    if (membership === undefined) return standAlone(services);
    return takePart({
      services,
      cluster: membership.storage,
      openLink: () => membership.openLink(services, (forwarded) => this.#handler(forwarded)),
      own: this.own,
      whenChanged: () => this.#tellOfChange(),
      whenEnded: (role) => this.#ended(role),
    });
  }

  #ended(role: Role & { readonly type: 'stopped' | 'removed' }): void {
    if (role.type === 'stopped') {
      const because = role.reason === undefined ? '' : `: ${role.reason}`;
      this.#options.whenFailed?.(`the storage has failed${because}`);
    } else {
      this.log.error('this node was removed from its cluster');
    }
    this.#sealByItself();
  }

  #tellOfChange(): void {
    this.#changes += 1;
    for (const done of this.#waiting) done();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {}); // whoever asked is told; the next one does not care
    return turn;
  }
}
