// A duty of the active node: looks at the other servers every few seconds, and changes who votes when it is time to.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import { NotLeaderError, RefusedError, type ClusterStorage } from '#storage/cluster-storage.ts';
import type { MembershipChange } from '#raft/types.ts';
import type { Log } from '../../log.ts';
import type { AutopilotConfig } from './config.ts';
import { nextChange } from './decide.ts';
import { judgeCluster, type ClusterState } from './health.ts';

export interface AutopilotOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly storage: Pick<ClusterStorage, 'status' | 'change'>;
  /** As operators have it now. */
  readonly config: () => AutopilotConfig;
  /** How often it looks, and how often it acts. */
  readonly updateInterval: Millis;
  readonly reconcileInterval: Millis;
}

export class Autopilot {
  readonly #options: AutopilotOptions;
  /** Counted in looks, not read from a clock that may be set: servers are removed by it. */
  #watchedFor = millis(0);
  #state: ClusterState | undefined;
  #cancels: readonly (() => void)[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(options: AutopilotOptions) {
    this.#options = options;
  }

  /** What was seen while this node led before says nothing of what happened since. */
  start(): void {
    const { updateInterval, reconcileInterval } = this.#options;
    this.#watchedFor = millis(0);
    this.#state = undefined;
    this.look();
    const look = this.#every(updateInterval, () => {
      this.#watchedFor = millis(this.#watchedFor + updateInterval);
      this.look();
    });
    const act = this.#every(reconcileInterval, () => this.#inTurn());
    this.#cancels = [look, act];
  }

  /** Waits for a change that is under way. */
  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    this.#cancels = [];
    await this.#running;
  }

  /** The cluster as it is now. */
  look(): ClusterState {
    const { clock, storage, config } = this.#options;
    const observation = {
      status: storage.status(),
      config: config(),
      now: clock.now(),
      watchedFor: this.#watchedFor,
    };
    this.#state = judgeCluster(observation, this.#state);
    return this.#state;
  }

  #every(interval: Millis, action: () => void): () => void {
    const { clock } = this.#options;
    const next = (): (() => void) =>
      clock.after(interval, () => {
        cancel = next();
        action();
      });
    let cancel = next();
    return () => cancel();
  }

  /** A change that takes longer than the interval is waited for. */
  #inTurn(): void {
    this.#running = this.#running.then(() => this.#act());
  }

  async #act(): Promise<void> {
    const { clock, config } = this.#options;
    while (this.#cancels.length > 0) {
      const change = nextChange(this.look(), config(), clock.now());
      if (change === undefined || !(await this.#change(change))) return;
      // Who is removed cannot come back, so there is time to look in between.
      if (change.type === 'remove') return;
    }
  }

  /** @returns whether it was done */
  async #change(change: MembershipChange): Promise<boolean> {
    const { storage, log } = this.#options;
    const facts = { change: change.type, id: 'id' in change ? change.id : change.server.id };
    try {
      await storage.change(change);
      log.info('autopilot changed the cluster', facts);
      return true;
    } catch (error) {
      // Leadership has gone, or another change is under way: the next round sees what is left to do.
      const isExpected = error instanceof NotLeaderError || error instanceof RefusedError;
      const write = isExpected ? log.debug : log.error;
      write('autopilot could not change the cluster', { ...facts, error: String(error) });
      return false;
    }
  }
}
