// The form of a scenario file, as README.md describes it, and where the files are.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const SCENARIOS = path.join(import.meta.dirname, '..', 'scenarios');

export interface Scenario {
  readonly about: string;
  readonly needs?: readonly string[];
  readonly server?: Partial<ServerSpec>;
  readonly steps: readonly Step[];
}

/** The servers of a scenario: a dev server, or nodes from a configuration file. */
export interface ServerSpec {
  readonly mode: 'dev' | 'config';
  readonly nodes: number;
  readonly storage: string;
  readonly init: boolean;
  readonly shares: number;
  readonly threshold: number;
  readonly tls: boolean;
  readonly listener: Fields;
  readonly config: Fields;
  readonly raft: Fields;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly client: string | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;
export type Texts = Readonly<Record<string, string>>;

/** A certificate of the run by its name, or one with its key as PEM. */
export type ClientCertificate = string | { readonly cert: string; readonly key: string };

/** A node by its number, or by a variable that holds one. */
export type NodeName = number | string;

/** One action, named by the first key of `Actions` that is there, with what belongs to it. */
export interface Step extends Partial<Actions> {
  readonly step?: string;
  readonly expect?: unknown;
  readonly save?: Texts;
  readonly same?: Fields;
  readonly as?: string | { readonly user: string; readonly password: string };
  readonly method?: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly bytes?: string;
  readonly token?: string | null;
  readonly headers?: Texts;
  readonly node?: NodeName;
  readonly show?: readonly string[];
  readonly client?: ClientCertificate;
  readonly until?: Until;
  readonly parse?: 'json' | 'prometheus' | 'text';
  readonly binary?: boolean;
  readonly keep?: string;
  readonly env?: Texts;
  readonly stdin?: string;
  readonly files?: Texts;
  readonly text?: boolean;
  readonly stderr?: boolean;
  readonly keys?: unknown;
  readonly issuer?: string;
  readonly extensions?: boolean;
  readonly database?: string;
  readonly where?: Fields;
}

/** Asked again until the answer is so. */
export interface Until {
  readonly status?: number;
  readonly at?: string;
  readonly is?: unknown;
  readonly seconds?: number;
}

/** What a step can do, and the argument of each. */
export interface Actions {
  readonly path: string;
  readonly cli: readonly string[];
  readonly tool: readonly string[];
  readonly jwt: {
    readonly key: string;
    readonly alg?: string;
    readonly claims: Fields;
    readonly header?: Fields;
  };
  readonly decode: string;
  readonly wrap: { readonly key: string; readonly for: string; readonly hash?: string };
  readonly x509: string;
  readonly sshcert: string;
  readonly serve: { readonly name: string; readonly routes: readonly Route[] };
  readonly served: string;
  readonly sleep: number;
  readonly sql: string;
  readonly signal: { readonly node?: number; readonly signal?: NodeJS.Signals };
  readonly file: Fields;
  readonly listen: {
    readonly name: string;
    readonly kind?: 'tcp' | 'udp' | 'unix';
    readonly at?: string;
  };
  readonly hangup: string;
  readonly heard: string;
  readonly stop: { readonly node?: NodeName; readonly signal?: NodeJS.Signals };
  readonly start: { readonly node?: NodeName };
  readonly unseal: NodeName;
  readonly roles: boolean;
  readonly lines: string;
  readonly set: Fields;
}

/** An answer of a stub server; one with `contains` is taken only if the request's body holds that text. */
export interface Route {
  readonly method?: string;
  readonly path: string;
  readonly contains?: string;
  readonly status?: number;
  readonly body?: unknown;
}

/** The names (`AREA/NAME`) of the scenarios whose path contains one of the words, in order. */
export function findScenarios(filters: readonly string[] = []): readonly string[] {
  return globSync('**/*.json', { cwd: SCENARIOS })
    .map((file) => file.replace(/\.json$/, ''))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .toSorted();
}

export function readScenario(name: string): Scenario {
  return JSON.parse(readFileSync(path.join(SCENARIOS, `${name}.json`), 'utf8')) as Scenario;
}

export function areaOf(name: string): string {
  return name.split('/')[0] ?? name;
}
