// What is mounted where: the stored table, and the running mounts that follow from it.
import { assert } from '#sdk/errors.ts';
import type { Clock } from '#sdk/clock.ts';
import type { Engine } from '#sdk/engine.ts';
import type { Seconds } from '#sdk/duration.ts';
import type { Transaction } from '#storage/transaction.ts';
import { PLUGIN_VERSION } from '../version.ts';
import type { MountEntry } from './entry.ts';
import type { Mount } from './mount.ts';
import { makeRouter, makeTargetFinder, type Router } from './router.ts';

/** The record that holds all mounts, secrets engines and auth methods alike. */
export const MOUNTS_KEY = 'core/mounts';

export interface MountRecord {
  readonly mounts: readonly MountEntry[];
}

/** What mounts have that do not say otherwise. */
export interface LeaseLimits {
  readonly defaultLeaseTtl: Seconds;
  readonly maxLeaseTtl: Seconds;
}

/** The engines there are. It is handed in, because the system's own engine is one of them and knows this table. */
export interface Catalog {
  find(kind: MountEntry['kind'], type: string, options: MountEntry['options']): Engine | undefined;
  isSystem(type: string): boolean;
  /** The types that can be mounted, and the databases that there are, sorted. */
  types(kind: PluginKind): readonly string[];
}

export type PluginKind = MountEntry['kind'] | 'database';

/** The mounts as of one version of the table. */
export interface Mounts {
  readonly all: readonly Mount[];
  readonly route: Router;
}

interface Cached extends Mounts {
  readonly version: number;
}

export class MountTable {
  readonly #clock: Clock;
  readonly limits: LeaseLimits;
  readonly #catalog: Catalog;
  #cached: Cached = { version: -1, all: [], route: () => undefined };

  constructor(clock: Clock, limits: LeaseLimits, catalog: Catalog) {
    this.#clock = clock;
    this.limits = limits;
    this.#catalog = catalog;
  }

  /** The engine that a mount of this type and these options would have, `undefined` for a type that does not exist. */
  findEngine(entry: Pick<MountEntry, 'kind' | 'type' | 'options'>): Engine | undefined {
    return this.#catalog.find(entry.kind, entry.type, entry.options);
  }

  /** The types that the catalog has, of those that clients may mount. */
  pluginTypes(kind: PluginKind): readonly string[] {
    return this.#catalog.types(kind);
  }

  /** Stops the engines of some mounts; whoever needs one next starts it anew. */
  async restart(isMeant: (mount: Mount) => boolean): Promise<void> {
    const { all } = this.#cached;
    const kept = all.filter((mount) => !isMeant(mount));
    this.#cached = { version: -1, all: kept, route: () => undefined };
    for (const { engine, instance } of all.filter(isMeant)) await engine.stop?.(instance);
  }

  /** The mounts that this transaction sees; it conflicts with any change of the table. */
  in(transaction: Transaction): Mounts {
    const version = transaction.version(MOUNTS_KEY);
    if (version === undefined) return this.#build(transaction, -1);
    if (this.#cached.version !== version) this.#cached = this.#build(transaction, version);
    return this.#cached;
  }

  entries(transaction: Transaction): readonly MountEntry[] {
    return transaction.get<MountRecord>(MOUNTS_KEY)?.mounts ?? [];
  }

  put(transaction: Transaction, mounts: readonly MountEntry[]): void {
    transaction.put(MOUNTS_KEY, { mounts } satisfies MountRecord);
  }

  /** Stops every engine. */
  async close(): Promise<void> {
    const running = this.#cached.all;
    this.#cached = { version: -1, all: [], route: () => undefined };
    for (const { engine, instance } of running) await engine.stop?.(instance);
  }

  #build(transaction: Transaction, version: number): Cached {
    const known = new Map(this.#cached.all.map((mount) => [mount.entry.uuid, mount]));
    const all = this.entries(transaction).map((entry) => this.#start(entry, known.get(entry.uuid)));
    return { version, all, route: makeRouter(all) };
  }

  /** The running mount of an entry; one that runs already goes on when its engine is the same. */
  #start(entry: MountEntry, running: Mount | undefined): Mount {
    const engine = this.findEngine(entry);
    assert(engine !== undefined, `the mount ${entry.path} is of the unknown type ${entry.type}`);
    const facts = factsOf(entry, this.limits);
    const goesOn = running !== undefined && running.engine === engine;
    return {
      entry,
      facts,
      engine,
      instance: goesOn ? running.instance : engine.start({ mount: facts, clock: this.#clock }),
      find: goesOn ? running.find : makeTargetFinder(engine),
      runningVersion: PLUGIN_VERSION,
      isSystem: this.#catalog.isSystem(entry.type),
      storagePrefix: storagePrefix(entry),
    };
  }
}

/** Where a mount keeps its keys. */
export function storagePrefix({ kind, uuid }: Pick<MountEntry, 'kind' | 'uuid'>): string {
  return kind === 'auth' ? `auth/${uuid}/` : `logical/${uuid}/`;
}

function factsOf(entry: MountEntry, limits: LeaseLimits): Mount['facts'] {
  const { path, type, accessor, uuid, options, config } = entry;
  const { defaultLeaseTtl, maxLeaseTtl } = effectiveLimits(config, limits);
  return { path, type, accessor, uuid, options, defaultLeaseTtl, maxLeaseTtl };
}

/** The lease limits of a mount: its own, or the system's. */
export function effectiveLimits(
  config: Pick<MountEntry['config'], 'default_lease_ttl' | 'max_lease_ttl'>,
  limits: LeaseLimits,
): LeaseLimits {
  return {
    defaultLeaseTtl:
      config.default_lease_ttl === 0 ? limits.defaultLeaseTtl : config.default_lease_ttl,
    maxLeaseTtl: config.max_lease_ttl === 0 ? limits.maxLeaseTtl : config.max_lease_ttl,
  };
}
