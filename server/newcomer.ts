// A node that has no data yet, until it is a member: it finds a cluster, takes shares for it, is let in, and waits until
// the cluster's state has come over. From then on it is a node like any other.
import { millis, type Clock } from '#sdk/clock.ts';
import type { Network } from '#raft/driver/ports.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import type { SealConfig, UnsealProgress } from '#storage/seal/seal.ts';
import type { AuthorityRecord } from './cluster/authority.ts';
import type { Joined, Joining } from './cluster/join.ts';
import type { JoinRequest, Leader } from './cluster/leader.ts';
import type { Log } from './log.ts';

export interface NewcomerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly cluster: Pick<ClusterStorage, 'start' | 'stop'>;
  readonly joining: Joining;
  /** Opens the cluster port with what the cluster has told of itself. It stays open once the state is here. */
  readonly openNetwork: (
    authorities: AuthorityRecord,
  ) => Promise<Network & { readonly close: () => Promise<void> }>;
  /** The leaders of the configuration, each read anew when it is asked. */
  readonly leaders: readonly (() => Leader)[];
  readonly nonVoter: boolean;
}

/** How often to look whether the state is there. It comes in one piece, or entry by entry. */
const LOOK_MS = 50;

/** The state is on its way; `arrived` resolves when the root key has opened it, and this node takes part. */
export interface Entering {
  readonly arrived: Promise<void>;
}

export class Newcomer {
  readonly #options: NewcomerOptions;
  /** The seal of the cluster that has let this node in, until its state is here. */
  #entering: SealConfig | undefined;
  #isClosed = false;

  constructor(options: NewcomerOptions) {
    this.#options = options;
  }

  /** The seal of the cluster that was found; from then on the node counts as initialised. */
  get sealing(): ({ readonly config: SealConfig } & UnsealProgress) | undefined {
    const { joining } = this.#options;
    const config = this.#entering ?? joining.sealConfig;
    return config === undefined ? undefined : { config, ...joining.progress };
  }

  /** Whether the state of a cluster is on its way. */
  get isEntering(): boolean {
    return this.#entering !== undefined;
  }

  /** Begins to ask the leaders of the configuration, if there are any. */
  start(): void {
    const { joining, leaders, nonVoter } = this.#options;
    if (leaders.length > 0) joining.startRetrying(leaders, nonVoter);
  }

  /** @throws ClientError when the leader has no challenge for this node */
  async join(request: JoinRequest): Promise<boolean> {
    return this.isEntering || this.#options.joining.join(request);
  }

  /**
   * Takes a share. With the last one that is needed the cluster lets this node in.
   *
   * @param open tries the root key on what is here; whether it opened
   * @throws ClientError for shares that are not the right ones, and when the cluster does not answer
   */
  async provideShare(
    share: Buffer,
    open: (rootKey: Buffer) => boolean,
  ): Promise<Entering | undefined> {
    const { joining } = this.#options;
    const config = joining.sealConfig;
    const joined = await joining.provideShare(share);
    if (joined === undefined) return undefined;
    this.#entering = config;
    return { arrived: this.#enter(joined, open) };
  }

  /** Forgets the shares of the attempt. */
  reset(): void {
    this.#options.joining.reset();
  }

  /** The node has data of its own, or ends: no cluster is looked for any more. */
  stop(): void {
    this.#isClosed = true;
    this.#options.joining.stop();
  }

  async #enter(
    { authorities, rootKey }: Joined,
    open: (rootKey: Buffer) => boolean,
  ): Promise<void> {
    const { cluster, openNetwork, log } = this.#options;
    try {
      const network = await openNetwork(authorities);
      try {
        await cluster.start(network);
        log.info('the cluster has let this node in, its state is on its way');
        while (!open(rootKey)) await this.#pause();
      } catch (error) {
        await cluster.stop();
        await network.close();
        throw error;
      }
    } finally {
      rootKey.fill(0);
      this.#entering = undefined;
    }
  }

  /** @throws Error when the node ends */
  #pause(): Promise<void> {
    if (this.#isClosed) throw new Error('the node ends');
    return new Promise((resolve) => void this.#options.clock.after(millis(LOOK_MS), resolve));
  }
}
