// What each standby tells the active node of itself every few seconds: who it is, where it is found, how far it has
// come. Kept in memory by the active node, for operators to look at.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import { isJsonObject } from '#sdk/json.ts';
import type { NodeId } from '#raft/types.ts';
import type { Log } from '../log.ts';

/** Where echoes go on the cluster port: no client can ask for it. */
export const ECHO_TARGET = '/cluster/echo';

const INTERVAL = millis(1_000);
/** Until somebody hears, so that a new active node soon knows everybody. */
const INTERVAL_UNHEARD = millis(250);

/** Longer than any host name or address is. */
const TEXT_MAX = 1024;

export interface Echo {
  readonly hostname: string;
  readonly apiAddress: string;
  readonly clusterAddress: string;
  readonly version: string;
  readonly appliedIndex: number;
  readonly term: number;
}

export interface HeardEcho {
  readonly echo: Echo;
  readonly at: Millis;
}

/** Another node said it, so it is looked at; `undefined` when it is no echo. */
export function parseEcho(value: unknown): Echo | undefined {
  if (!isJsonObject(value)) return undefined;
  const texts = ['hostname', 'apiAddress', 'clusterAddress', 'version'].map((name) => value[name]);
  const numbers = [value['appliedIndex'], value['term']];
  if (!texts.every((text) => typeof text === 'string' && text.length <= TEXT_MAX)) return undefined;
  if (!numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0)) {
    return undefined;
  }
  const [hostname = '', apiAddress = '', clusterAddress = '', version = ''] = texts.map(String);
  const [appliedIndex = 0, term = 0] = numbers.map(Number);
  return { hostname, apiAddress, clusterAddress, version, appliedIndex, term };
}

/** The last echo of each node. Only nodes that showed their certificate come here, so there are as many as servers. */
export class Echoes {
  readonly #clock: Clock;
  readonly #heard = new Map<NodeId, HeardEcho>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  hear(from: NodeId, echo: Echo): void {
    this.#heard.set(from, { echo, at: this.#clock.now() });
  }

  of(id: NodeId): HeardEcho | undefined {
    return this.#heard.get(id);
  }

  /** Forgets the nodes that are no servers of the cluster any more. */
  keep(ids: readonly NodeId[]): void {
    for (const id of this.#heard.keys()) {
      if (!ids.includes(id)) this.#heard.delete(id);
    }
  }
}

export interface EchoerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What this node is now. */
  readonly describe: () => Echo;
  /** Gets it to the active node; false where there is none, or it did not listen. */
  readonly send: (echo: Echo) => Promise<boolean>;
}

/** What a standby does as long as it is one. */
export class Echoer {
  readonly #options: EchoerOptions;
  #cancel: (() => void) | undefined;

  constructor(options: EchoerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = () => {};
    void this.#echo();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The next one is due an interval after this one has come or gone astray. */
  async #echo(): Promise<void> {
    const { clock } = this.#options;
    const isHeard = await this.#send();
    if (this.#cancel === undefined) return;
    this.#cancel = clock.after(isHeard ? INTERVAL : INTERVAL_UNHEARD, () => void this.#echo());
  }

  async #send(): Promise<boolean> {
    const { log, describe, send } = this.#options;
    try {
      return await send(describe());
    } catch (error) {
      log.debug('the active node was not reached by an echo', { error: String(error) });
      return false;
    }
  }
}
