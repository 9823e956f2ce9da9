// The whole surface that answers without a token. A path that is added to it has to be added here, by somebody who has
// thought about what strangers can do with it. CVE-2021-27668, CVE-2020-25594, CVE-2021-3282.
import test from 'ava';
import { isOpenTarget } from '#server/http/open-routes.ts';
import { catalog } from '#server/mount/catalog.ts';
import type { Mount } from '#server/mount/mount.ts';
import type { Engine } from '#sdk/engine.ts';
import { errorsOf, KV_V1, startWorld, USERPASS } from './helpers/world.ts';

/** Of the listener itself: these answer while sealed, too. */
const OPEN_ROUTES = ['health', 'init', 'leader', 'seal-status', 'unseal', 'storage/raft/join'];

/** Of engines and auth methods, by type. */
const PUBLIC_PATHS: Readonly<Record<string, readonly string[]>> = {
  cubbyhole: [],
  identity: [],
  'kv version 1': [],
  'kv version 2': [],
  // As in Vault: what the command line and a user interface need before somebody logs in, and what whoever has a
  // wrapping token, and nothing else, asks about it.
  system: [
    'read internal/specs/openapi',
    'read internal/ui/mounts',
    'read internal/ui/mounts/{path...}',
    'read replication/status',
    'read wrapping/lookup',
    'read wrapping/pubkey',
    // Whoever has the shares of the key proves it by the answer.
    'write storage/raft/bootstrap/answer',
    'write storage/raft/bootstrap/challenge',
    'write wrapping/lookup',
  ],
  token: [],
  userpass: ['write login/{username}'],
};

const ENGINES: readonly (readonly [string, Engine | undefined])[] = [
  ['cubbyhole', catalog.find('secret', 'cubbyhole', {})],
  ['identity', catalog.find('secret', 'identity', {})],
  ['kv version 1', catalog.find('secret', 'kv', { version: '1' })],
  ['kv version 2', catalog.find('secret', 'kv', { version: '2' })],
  ['system', catalog.find('secret', 'system', {})],
  ['token', catalog.find('auth', 'token', {})],
  ['userpass', catalog.find('auth', 'userpass', {})],
];

for (const [type, engine] of ENGINES) {
  test(`CVE-2021-27668: the paths of ${type} that need no token are known`, (t) => {
    const open = (engine?.paths ?? [])
      .filter(({ access }) => access === 'public')
      .flatMap(({ template, operations }) =>
        Object.keys(operations).map((verb) => `${verb} ${template}`),
      );
    t.truthy(engine);
    t.deepEqual(open.toSorted(), PUBLIC_PATHS[type]);
  });
}

test('CVE-2021-27668: every declared path without a token but the known ones is refused', async (t) => {
  const world = await startWorld(t, { mounts: [KV_V1, USERPASS] });
  const asked = await world.within(({ mounts }, transaction) =>
    mounts.in(transaction).all.flatMap(questionsFor),
  );
  t.true(asked.length > 50, 'there is something to ask');
  for (const { method, target } of asked) {
    const isPatch = method === 'PATCH';
    const headers = isPatch ? { 'Content-Type': 'application/merge-patch+json' } : {};
    const body = isPatch || method === 'POST' ? {} : undefined;
    for (const token of ['', 'hvs.stranger']) {
      const answer = await world.ask(method, target, body, { token, headers });
      t.is(
        answer.status,
        refusalOf(target, token),
        `${method} ${target} with the token "${token}"`,
      );
    }
  }
});

/** A token that is none, where one is asked for that wraps something. */
const NO_WRAPPING = 400;
/** On a node that stands alone there is nobody to step down for, whoever asks, as in Vault. */
const NOTHING_HAPPENS = 204;

function refusalOf(target: string, token: string): number {
  if (target === 'sys/step-down') return NOTHING_HAPPENS;
  return /^sys\/wrapping\/(un|re)wrap$/.test(target) && token !== '' ? NO_WRAPPING : 403;
}

const METHODS = { read: 'GET', write: 'POST', list: 'LIST', delete: 'DELETE', patch: 'PATCH' };

interface Question {
  readonly method: string;
  readonly target: string;
}

/** One for each verb of each path that needs a token; what a path captures is an x. */
function questionsFor({ entry, engine }: Mount): readonly Question[] {
  return engine.paths
    .filter(({ access }) => access !== 'public')
    .flatMap(({ template, operations }) => {
      const target = entry.path + template.replaceAll(/\{\/?[^}]*\}/g, 'x');
      return (Object.keys(operations) as (keyof typeof METHODS)[]).map((verb) => {
        const mayEndInSlash = verb === 'read' || verb === 'list';
        return {
          method: METHODS[verb],
          target: mayEndInSlash ? target : target.replace(/\/$/, ''),
        };
      });
    });
}

test('CVE-2021-27668: no other route of the listener answers a stranger', async (t) => {
  const world = await startWorld(t);
  const names = [
    ...OPEN_ROUTES,
    'generate-root/attempt',
    'generate-root/update',
    'rekey/init',
    'rekey/update',
    'rekey/verify',
    'rekey-recovery-key/init',
    'replication/status',
    'replication/dr/status',
    'storage/raft/bootstrap/challenge',
    'storage/raft/remove-peer',
    'storage/raft/configuration',
    'storage/raft/snapshot',
    'metrics',
    'pprof/heap',
    'pprof/profile',
    'in-flight-req',
    'host-info',
    'monitor',
    'config/state/sanitized',
    'internal/ui/mounts',
    'internal/ui/resultant-acl',
    'internal/specs/openapi',
    'internal/counters/activity',
    'key-status',
    'ha-status',
    'seal',
    'step-down',
    'raw/core/keyring',
    'plugins/catalog',
    'wrapping/lookup',
    'wrapping/unwrap',
    'decode-token',
    'license/status',
  ];
  const open: string[] = [];
  for (const name of names) {
    t.is(isOpenTarget(`/v1/sys/${name}`), OPEN_ROUTES.includes(name), name);
    const answers = await Promise.all(
      ['GET', 'POST', 'DELETE'].map((method) =>
        world.ask(method, `sys/${name}`, undefined, { token: '' }),
      ),
    );
    if (answers.some(({ status }) => ![400, 403, 404, 405].includes(status))) open.push(name);
  }
  t.deepEqual(open.toSorted(), EXPECTED_TO_ANSWER);
});

/** With anything but a refusal. */
const EXPECTED_TO_ANSWER = [
  'health',
  'init',
  'internal/specs/openapi',
  'internal/ui/mounts',
  'leader',
  'replication/status',
  'seal-status',
  'step-down',
];

test('CVE-2020-25594: the open lists of mounts name those alone that are to be shown to all', async (t) => {
  const hidden = { ...KV_V1, path: 'hidden-kv/' };
  const shown = {
    ...KV_V1,
    path: 'shown-kv/',
    config: { listing_visibility: 'unauth' as const },
  };
  const world = await startWorld(t, { mounts: [hidden, shown, USERPASS] });
  const nobody = await world.token([]);
  for (const token of ['', nobody]) {
    for (const path of ['sys/internal/ui/mounts', 'sys/internal/specs/openapi']) {
      const { text } = await world.ask('GET', path, undefined, { token });
      t.notRegex(text, /hidden-kv|userpass/, path);
      t.regex(text, /shown-kv/, path);
    }
    const asked = ['hidden-kv', 'hidden-xy'].map((name) =>
      world.ask('GET', `sys/internal/ui/mounts/${name}`, undefined, { token }),
    );
    const [there, missing] = await Promise.all(asked);
    t.is(there?.status, 403);
    t.is(missing?.text.replace('hidden-xy', 'hidden-kv'), there?.text);
  }
});

test('CVE-2020-25594: what is mounted is no business of a stranger', async (t) => {
  const world = await startWorld(t, { mounts: [KV_V1, USERPASS] });
  const nobody = await world.token([]);
  const pairs = [
    ['kv/a', 'no-such-mount/a'],
    ['kv', 'no-such-mount'],
    ['secret/data/a', 'no-such-mount/data/a'],
    ['auth/userpass/users/ann', 'auth/no-such-mount/users/ann'],
    ['sys/mounts/kv', 'sys/mounts/no-such-mount'],
    ['sys/audit', 'sys/no-such-path'],
  ] as const;
  for (const [there, missing] of pairs) {
    for (const token of ['', 'hvs.stranger', nobody]) {
      for (const method of ['GET', 'POST', 'LIST', 'DELETE']) {
        const body = method === 'POST' ? { value: 'x' } : undefined;
        const [one, other] = await Promise.all(
          [there, missing].map((path) => world.ask(method, path, body, { token })),
        );
        t.is(one?.status, 403, `${method} ${there}`);
        t.deepEqual([one?.status, one?.text], [other?.status, other?.text], `${method} ${missing}`);
      }
    }
  }
});

test('while sealed, nothing answers but what unsealing needs', async (t) => {
  const world = await startWorld(t);
  await world.ask('POST', 'kv/a', { value: 'treasure' });
  await world.node.seal();
  for (const [method, path] of [
    ['GET', 'kv/a'],
    ['GET', 'auth/token/lookup-self'],
    ['POST', 'auth/userpass/login/ann'],
    ['POST', 'sys/audit/x'],
    ['GET', 'no/mount'],
  ] as const) {
    const answer = await world.ask(method, path);
    t.deepEqual([answer.status, ...errorsOf(answer)], [503, 'Vault is sealed'], path);
  }
  for (const path of OPEN_ROUTES) {
    const { text, status } = await world.ask('GET', `sys/${path}`);
    t.notRegex(text, /treasure|cluster_id|cluster_name/, path);
    t.true(status !== 500);
  }
});

test('GHSA-rh46-vc3j-w2w3: no request can choose an operation that is for the inside', async (t) => {
  const world = await startWorld(t);
  await world.ask('POST', 'kv/a', { value: 'x' });
  for (const name of ['operation', 'verb', '_method', 'renew', 'revoke', 'rollback', 'help']) {
    for (const value of ['delete', 'renew', 'revoke', 'rollback', 'alias-lookahead', 'help']) {
      await world.ask('GET', `kv/a?${name}=${value}`, undefined, {
        headers: { 'X-HTTP-Method-Override': value, 'X-Method-Override': value },
      });
    }
  }
  t.is((await world.ask('GET', 'kv/a')).status, 200, 'it is still there');
  for (const method of ['TRACE', 'OPTIONS', 'PROPFIND', 'MOVE', 'PURGE', 'LINK', 'REBIND']) {
    t.true([403, 405].includes((await world.ask(method, 'kv/a')).status), method);
  }
});
