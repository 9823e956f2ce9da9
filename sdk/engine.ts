// Secrets engines and auth methods: the paths they serve, the secrets they lease, and their lifetime.
import type { CallContext, MountFacts } from './call.ts';
import type { Clock } from './clock.ts';
import type { Seconds } from './duration.ts';
import { assert } from './errors.ts';
import type { Path } from './path.ts';
import type { TokenParameters } from './reply.ts';
import type { Secret } from './secret.ts';
import type { Storage } from './storage.ts';

/** What a mount is started with. It lives as long as the mount does while the node is active. */
export interface MountContext {
  readonly mount: MountFacts;
  readonly clock: Clock;
}

/** A change of a mount's own settings, within the transaction that stores it. */
export interface AdoptCall {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly options: Readonly<Record<string, string>>;
  readonly previousOptions: Readonly<Record<string, string>>;
  /** Adds a warning to the answer of the change. */
  readonly warn: (message: string) => void;
}

/** What the renewal of a login's token is given. */
export interface RenewCall<E> extends Pick<
  CallContext<E>,
  'engine' | 'storage' | 'mount' | 'clock'
> {
  readonly internal: object;
  readonly policies: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

export interface EngineSpec<E> {
  readonly type: string;
  /** First line: synopsis. After a blank line: description. */
  readonly help: string;
  readonly paths: readonly Path<E>[];
  readonly secrets?: readonly Secret<E, never>[];
  /** Makes what every handler receives as `engine`. It must not change anything: a mount may be started again at any time. */
  readonly start: (context: MountContext) => E;
  readonly stop?: (engine: E) => Promise<void>;
  /** Called on the engine of the new options when the options of the mount change (a kv mount that gets versions). */
  readonly adopt?: (call: AdoptCall) => void;
}

export interface AuthMethodSpec<E> extends Omit<EngineSpec<E>, 'secrets'> {
  /**
   * What a renewal of a login's token may use now; `undefined` when its user is gone and the token keeps its terms.
   *
   * @throws when the token must not be renewed
   */
  readonly renew?: (
    call: RenewCall<E>,
  ) => Pick<TokenParameters, 'ttl' | 'maxTtl' | 'period'> | undefined;
}

/** An engine whose own type has been put aside: its value goes from `start` to its own paths and nowhere else. */
export interface Engine {
  readonly kind: 'secret' | 'auth';
  readonly type: string;
  readonly help: string;
  readonly paths: readonly Path[];
  readonly secrets: ReadonlyMap<string, Secret<unknown, object>>;
  readonly start: (context: MountContext) => unknown;
  readonly stop: ((engine: unknown) => Promise<void>) | undefined;
  readonly adopt: ((call: AdoptCall) => void) | undefined;
  readonly renew: AuthMethodSpec<unknown>['renew'];
}

export type RenewedTerms = { readonly [K in 'ttl' | 'maxTtl' | 'period']: Seconds };

export function defineEngine<E>(spec: EngineSpec<E>): Engine {
  return define('secret', { renew: undefined, ...spec });
}

export function defineAuthMethod<E>(spec: AuthMethodSpec<E>): Engine {
  return define('auth', spec);
}

type AnySpec<E> = Omit<EngineSpec<E>, 'secrets'> & {
  readonly secrets?: readonly Secret<E, never>[];
  readonly renew?: AuthMethodSpec<E>['renew'] | undefined;
};

/** Checks once, when the program starts, what no type can. */
function define<E>(kind: Engine['kind'], spec: AnySpec<E>): Engine {
  const templates = new Set(spec.paths.map((path) => path.template));
  assert(templates.size === spec.paths.length, `${spec.type} declares a path twice`);
  const bySpecificity = spec.paths.toSorted(
    (one, other) => other.matcher.specificity - one.matcher.specificity,
  );
  const secrets = new Map((spec.secrets ?? []).map((secret) => [secret.type, secret]));
  // The engine's own type E is put aside here, and only here: see Engine.
  return {
    kind,
    type: spec.type,
    help: spec.help,
    paths: bySpecificity,
    secrets,
    start: spec.start,
    stop: spec.stop,
    adopt: spec.adopt,
    renew: spec.renew,
  } as unknown as Engine;
}
