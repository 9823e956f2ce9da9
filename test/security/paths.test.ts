// One path, one meaning: the policy decides about the very string that the router follows, however it was spelled.
import test from 'ava';
import { KV_V1, startWorld, type World } from './helpers/world.ts';

/** Who may do everything in kv/ but nothing with kv/private and what is below. */
const RULES = `
  path "kv/*" { capabilities = ["create", "read", "update", "delete", "list", "patch"] }
  path "kv/private" { capabilities = ["deny"] }
  path "kv/private/*" { capabilities = ["deny"] }
`;

async function guarded(world: World): Promise<string> {
  await world.policy('guarded', RULES);
  await world.ask('POST', 'kv/private/key', { value: 'treasure' });
  await world.ask('POST', 'kv/private', { value: 'treasure' });
  await world.ask('POST', 'kv/open', { value: 'open' });
  return world.token(['guarded']);
}

/** Ways to write a path that some part of some server once took for the same, and another for a different one. */
function spellings(path: string): readonly string[] {
  const [mount = '', ...rest] = path.split('/');
  const below = rest.join('/');
  return [
    path,
    `${path}/`,
    `${path}//`,
    `${path}/.`,
    `${path}/./`,
    `${path}/x/..`,
    `${path}/x/../`,
    `./${path}`,
    `/${path}`,
    `//${path}`,
    `${mount}//${below}`,
    `${mount}/./${below}`,
    `${mount}/x/../${below}`,
    `x/../${path}`,
    `../v1/${path}`,
    `${mount}%2f${below}`,
    `${mount}%2F${below}`,
    `${mount}/%2e/${below}`,
    `${mount}/x/%2e%2e/${below}`,
    `${mount}/x%2f..%2f${below}`,
    `${mount}/%2f${below}`,
    `${mount}%2f%2f${below}`,
    `${path}%2f`,
    `${path}%2f%2f`,
    `${path}%2f.`,
    `${path}%2f%2e%2e%2f${rest.at(-1) ?? ''}`,
    `${mount}/${hex(below)}`,
    `${hex(mount)}/${below}`,
    `${mount}/${below}?list=false`,
    `${mount}/${below}?a=b`,
    `${mount}/${below};a=b`,
    `${mount}/${below}%00`,
    `${mount}/${below}%0a`,
    `${mount}/%00${below}`,
    `${mount}/${below}%20`,
    `${mount}\\${below}`,
    `${mount}/x\\..\\${below}`,
    `${mount}%5c${below}`,
    `${mount}/${below.toUpperCase()}`,
    `${mount.toUpperCase()}/${below}`,
    `${mount}/${below}%c0%af`,
    `${mount}/%c0%ae%c0%ae/${below}`,
    `${mount}/%252e%252e/${below}`,
    `${mount}%252f${below}`,
    `${mount}/${below}#x`,
    `${mount}/%u002f${below}`,
  ];
}

/** Every letter as an escape. */
const hex = (text: string): string =>
  text.replaceAll(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

const VERBS = ['GET', 'LIST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'SEARCH'] as const;

/** As bytes, so that no client tidies the target. */
function packet(verb: string, target: string, token: string, body = ''): string {
  const type = verb === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return `${verb} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Vault-Token: ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

// CVE-2026-12624, GHSA-xp3c-3jw3-4vcr, CVE-2026-3605
for (const path of ['kv/private', 'kv/private/key']) {
  test(`CVE-2026-12624: a deny of ${path} is never avoided by re-spelling`, async (t) => {
    const world = await startWorld(t, { mounts: [KV_V1] });
    const token = await guarded(world);
    for (const spelling of spellings(path)) {
      for (const verb of VERBS) {
        const body = ['POST', 'PUT', 'PATCH'].includes(verb) ? '{"value":"overwritten"}' : '';
        const answer = await world.send(packet(verb, `/v1/${spelling}`, token, body));
        const what = `${verb} ${spelling}`;
        t.notRegex(answer, /treasure/, what);
        // The list of the folder would name what is in it.
        t.notRegex(answer, /"keys":\["key"\]/, what);
      }
    }
    for (const kept of ['kv/private', 'kv/private/key']) {
      const { json } = await world.ask('GET', kept);
      t.deepEqual(json['data'], { value: 'treasure' }, `${kept} is as it was`);
    }
  });
}

test('CVE-2026-12624: LIST with and without a slash at the end is one question', async (t) => {
  const world = await startWorld(t, { mounts: [KV_V1] });
  const token = await guarded(world);
  for (const target of ['kv/private', 'kv/private/']) {
    t.is((await world.ask('LIST', target, undefined, { token })).status, 403, `LIST ${target}`);
    const asRead = await world.ask('GET', `${target}?list=true`, undefined, { token });
    t.is(asRead.status, 403, `GET ${target}?list=true`);
  }
  const { status, json } = await world.ask('LIST', 'kv', undefined, { token });
  t.is(status, 200, 'what is not denied is shown');
  t.deepEqual(json['data'], { keys: ['open', 'private', 'private/'] });
});

// CVE-2026-3605: a glob rule for one mount deletes in another.
test('CVE-2026-3605: a rule for one folder reaches no other through dot segments', async (t) => {
  const world = await startWorld(t, { mounts: [KV_V1] });
  await world.policy(
    'mine',
    `path "kv/mine/*" { capabilities = ["create", "read", "update", "delete", "list"] }
     path "secret/metadata/mine/*" { capabilities = ["read", "delete", "list"] }`,
  );
  const token = await world.token(['mine']);
  await world.ask('POST', 'kv/yours', { value: 'treasure' });
  await world.ask('POST', 'secret/data/yours', { data: { value: 'treasure' } });
  const attempts = [
    'kv/mine/../yours',
    'kv/mine/%2e%2e/yours',
    'kv/mine/..%2fyours',
    'kv/mine/x/../../yours',
    'kv/mine//../yours',
    'secret/metadata/mine/../yours',
    'secret/metadata/mine/%2e%2e/yours',
    'secret/metadata/mine/..%2f..%2fmetadata%2fyours',
  ];
  for (const attempt of attempts) {
    for (const verb of ['GET', 'DELETE'] as const) {
      const answer = await world.send(packet(verb, `/v1/${attempt}`, token));
      t.regex(answer, /^HTTP\/1\.1 (301|400|403)/, `${verb} ${attempt}`);
      t.notRegex(answer, /treasure/);
    }
  }
  t.is((await world.ask('GET', 'kv/yours')).status, 200);
  t.is((await world.ask('GET', 'secret/data/yours')).status, 200);
});

test('CVE-2026-3605: a redirect to the clean path keeps the query, and stays on this host', async (t) => {
  const world = await startWorld(t);
  const targets: readonly (readonly [string, string])[] = [
    ['/v1//kv/a?version=2', '/v1/kv/a?version=2'],
    ['/v1/kv/./a?x=//y', '/v1/kv/a?x=//y'],
    ['/v1/kv/x/../a/', '/v1/kv/a/'],
    ['//evil.example/..', '/'],
    ['//evil.example/v1', '/evil.example/v1'],
    ['/\\evil.example//x', '/%5Cevil.example/x'],
    ['/../../etc//passwd', '/etc/passwd'],
  ];
  for (const [target, location] of targets) {
    const answer = await world.send(packet('GET', target, world.root));
    t.regex(answer, /^HTTP\/1\.1 301/, target);
    t.is(/\r\nLocation: (.*)\r\n/i.exec(answer)?.[1], location, target);
    t.regex(answer, /cache-control: no-store/i);
  }
});

test('CVE-2026-3605: a target with more than one meaning is refused before anything looks at it', async (t) => {
  const world = await startWorld(t);
  const refused = [
    'http://other.example/v1/sys/health', // absolute form: whose host counts?
    'http:/v1/secret/data/a',
    '*',
    'v1/secret/data/a',
    '/v1/secret/%2e%2e/sys/audit',
    '/v1/secret/a%2f%2fb',
    '/v1/secret/a%00b',
    '/v1/secret/a%0d%0aX-Injected:%20b',
    '/v1/secret/a%7f',
    '/v1/secret/%zz',
    '/v1/secret/%',
    '/v1/secret/%ff',
    '/v1/secret/%c0%af',
  ];
  for (const target of refused) {
    const answer = await world.send(packet('GET', target, world.root));
    t.regex(answer, /^HTTP\/1\.1 400/, target);
    t.notRegex(answer, /x-injected/i, target);
  }
});
