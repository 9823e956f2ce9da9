// Requests that have come as far as their verdict, made by hand: what each test does not care about is as usual.
import { millis } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import { defineEngine } from '#sdk/engine.ts';
import type { MountConfig } from '#server/mount/entry.ts';
import type { Mount } from '#server/mount/mount.ts';
import type {
  Answer,
  Arrived,
  Authorized,
  Denied,
  Finished,
  Known,
  Verdict,
} from '#server/request/stages.ts';
import type { TokenEntry } from '#server/token/entry.ts';
import { BARE_TOKEN } from '#server/token/store.ts';

const ENGINE = defineEngine({ type: 'kv', help: 'Values', paths: [], start: () => undefined });

export function mount(config: Partial<MountConfig> = {}): Mount {
  const facts = { path: 'flat/', type: 'kv', accessor: 'kv_0a1b2c3d', uuid: 'u-1', options: {} };
  return {
    entry: {
      ...facts,
      kind: 'secret',
      description: '',
      local: false,
      sealWrap: false,
      externalEntropyAccess: false,
      config: {
        default_lease_ttl: seconds(0),
        max_lease_ttl: seconds(0),
        force_no_cache: false,
        ...config,
      },
    },
    facts: { ...facts, defaultLeaseTtl: seconds(3600), maxLeaseTtl: seconds(3600) },
    engine: ENGINE,
    runningVersion: 'v1.16.3+builtin',
    instance: undefined,
    find: () => undefined,
    isSystem: false,
    storagePrefix: 'logical/u-1/',
  };
}

export const ROOT: TokenEntry = {
  ...BARE_TOKEN,
  key: 'h-root',
  accessor: 'RootAccessor',
  policies: ['root'],
  path: 'auth/token/root',
  displayName: 'root',
  createdAt: millis(Date.parse('2024-05-06T07:08:09.123Z')),
};

export function arrived(differences: Partial<Arrived> = {}): Arrived {
  return {
    stage: 'arrived',
    id: '6b1f2c1e-0000-4000-8000-000000000001',
    at: millis(0),
    verb: 'read',
    path: 'flat/app',
    parameters: {},
    token: 'hvs.root-token',
    wrap: undefined,
    headers: {},
    remoteAddress: '127.0.0.1',
    remotePort: 50_123,
    ...differences,
  };
}

interface Differences {
  readonly arrived?: Partial<Arrived>;
  readonly mount?: Mount;
  readonly known?: Partial<Known>;
}

function known(differences: Differences): Known {
  return {
    stage: 'known',
    admitted: {
      stage: 'admitted',
      arrived: arrived(differences.arrived),
      mount: differences.mount ?? mount(),
      relativePath: 'app',
      target: undefined,
    },
    token: ROOT,
    policies: ['root'],
    identityPolicies: [],
    refusal: undefined,
    ...differences.known,
  };
}

export function authorized(
  differences: Differences & Partial<Pick<Authorized, 'operation' | 'grantedBy'>> = {},
): Authorized {
  const { operation = 'read', grantedBy = ['root'] } = differences;
  return { stage: 'authorized', known: known(differences), operation, grantedBy };
}

export function denied(reason: Denied['reason'], differences: Differences = {}): Denied {
  return { stage: 'denied', known: known(differences), operation: 'read', grantedBy: [], reason };
}

export function answer(differences: Partial<Answer> = {}): Answer {
  return {
    status: 200,
    data: null,
    lease: undefined,
    auth: undefined,
    displayName: '',
    login: undefined,
    wrapInfo: undefined,
    warnings: [],
    raw: undefined,
    headers: {},
    stream: undefined,
    isFlat: false,
    ...differences,
  };
}

export function answered(verdict: Verdict, differences: Partial<Answer> = {}): Finished {
  return {
    stage: 'finished',
    verdict,
    outcome: { type: 'answer', answer: answer(differences) },
  };
}
