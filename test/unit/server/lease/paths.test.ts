import test from 'ava';
import { leasingEngine, open, Outside } from '#test/helpers/leasing-engine.ts';
import { TestServer } from '#test/helpers/server.ts';

const SECOND = 1000;

async function start() {
  const outside = new Outside();
  const server = await TestServer.start({ engines: [leasingEngine(outside)] });
  await server.mount({ kind: 'secret', path: 'db/', type: 'leasing' });
  return { server, outside };
}

async function leaseOf(server: TestServer, name: string, token = 'root'): Promise<string> {
  const { body } = await server.must('read', `db/creds/${name}`, { token });
  return String(body['lease_id']);
}

for (const [path, sync] of [
  ['sys/leases/revoke', false],
  ['sys/leases/revoke', true],
  ['sys/revoke', false],
  ['sys/revoke', true],
] as const) {
  test(`${path} ends one lease, sync ${sync}`, async (t) => {
    const { server, outside } = await start();
    const [a] = [await leaseOf(server, 'a'), await leaseOf(server, 'b')];
    const revoke = () => server.call('write', path, { body: { lease_id: a, sync } });
    t.is((await revoke()).status, 204);
    if (sync) t.deepEqual([...outside.alive], ['b']);
    const seen = await server.call('write', 'sys/leases/lookup', { body: { lease_id: a } });
    t.deepEqual(seen.errors, ['invalid lease']);
    await server.settle();
    t.deepEqual([...outside.alive], ['b']);
    t.is((await revoke()).status, 204, 'a second time changes nothing');
  });

  test(`${path}/ID ends one lease, sync ${sync}`, async (t) => {
    const { server, outside } = await start();
    const id = await leaseOf(server, 'a');
    await server.must('write', `${path}/${id}`, { body: { sync } });
    await server.settle();
    t.deepEqual([...outside.alive], []);
  });
}

for (const path of ['sys/leases/renew', 'sys/renew']) {
  test(`${path}/ID renews`, async (t) => {
    const { server, outside } = await start();
    const id = await leaseOf(server, 'a');
    const { body } = await server.must('write', `${path}/${id}`, { body: { increment: '1m' } });
    t.like(body, { lease_id: id, lease_duration: 60, renewable: true });
    t.deepEqual(outside.renewed, [['a', 60]]);
  });
}

test('a revocation that has to be done at once and fails says so, and changes nothing', async (t) => {
  const { server, outside } = await start();
  const id = await leaseOf(server, 'a');
  outside.isBroken = true;
  const revoke = { body: { lease_id: id, sync: true } };
  const { status, errors } = await server.call('write', 'sys/leases/revoke', revoke);
  t.is(status, 400);
  t.deepEqual(errors, ['failed to revoke entry: the outside is broken']);
  const { data } = await server.must('write', 'sys/leases/lookup', { body: { lease_id: id } });
  t.is(data['ttl'], 2_764_800);
});

for (const folder of ['sys/leases/', 'sys/']) {
  for (const sync of [true, false]) {
    test(`${folder}revoke-prefix ends what is below, sync ${sync}`, async (t) => {
      const { server, outside } = await start();
      for (const name of ['a', 'a', 'ab']) await leaseOf(server, name);
      await server.must('write', `${folder}revoke-prefix/db/creds/a`, { body: { sync } });
      if (sync) t.deepEqual([...outside.alive], ['ab']);
      await server.settle();
      t.deepEqual(outside.attempts, ['a', 'a']);
      await server.must('write', `${folder}revoke-prefix/db`, { body: { sync } });
      await server.settle();
      t.deepEqual([...outside.alive], []);
      t.deepEqual(server.keys('sys/expire/'), []);
    });
  }

  test(`${folder}revoke-prefix names what failed, and keeps it`, async (t) => {
    const { server, outside } = await start();
    const id = await leaseOf(server, 'a');
    outside.isBroken = true;
    const { status, errors } = await server.call('write', `${folder}revoke-prefix/db`, {
      body: { sync: true },
    });
    t.is(status, 400);
    t.deepEqual(errors, [`failed to revoke "${id}" (1 / 1): the outside is broken`]);
    t.is(server.keys('sys/expire/id/').length, 1);
  });

  test(`${folder}revoke-force forgets what fails`, async (t) => {
    const { server, outside } = await start();
    for (const name of ['a', 'b']) await leaseOf(server, name);
    outside.isBroken = true;
    await server.must('write', `${folder}revoke-force/db/creds/a`);
    t.is(server.keys('sys/expire/id/').length, 1);
    await server.must('write', `${folder}revoke-force/db`);
    t.deepEqual(server.keys('sys/expire/'), []);
    t.is(outside.alive.size, 2);
  });
}

test('a prefix may be the whole id', async (t) => {
  const { server, outside } = await start();
  const id = await leaseOf(server, 'a');
  await leaseOf(server, 'b');
  await server.must('write', `sys/leases/revoke-prefix/${id}`, { body: { sync: true } });
  t.deepEqual([...outside.alive], ['b']);
});

test('tokens below a prefix end with their trees, also the one that asks', async (t) => {
  const { server, outside } = await start();
  await server.putPolicy(
    'admin',
    `path "sys/leases/revoke-prefix/*" { capabilities = ["update", "sudo"] }
     path "auth/token/create" { capabilities = ["update"] }
     path "db/*" { capabilities = ["read"] }`,
  );
  const token = await server.token({ policies: ['admin'], ttl: '1h' });
  const child = await server.token({}, token);
  await leaseOf(server, 'a', child);
  await server.must('write', 'sys/leases/revoke-prefix/auth/token/create', {
    token: child,
    body: { sync: true },
  });
  for (const gone of [token, child]) {
    t.is((await server.call('read', 'auth/token/lookup-self', { token: gone })).status, 403);
  }
  await server.settle();
  t.deepEqual([...outside.alive], []);
});

test('leases are listed by the segments of their ids', async (t) => {
  const { server } = await start();
  const id = await leaseOf(server, 'a');
  await server.token({ policies: ['default'], ttl: '1h' });
  const list = async (path: string) => (await server.call('list', path)).data['keys'];
  t.deepEqual(await list('sys/leases/lookup'), ['auth/', 'db/']);
  t.deepEqual(await list('sys/leases/lookup/db'), ['creds/']);
  t.deepEqual(await list('sys/leases/lookup/db/creds/'), ['a/']);
  t.deepEqual(await list('sys/leases/lookup/db/creds/a'), [id.slice(id.lastIndexOf('/') + 1)]);
  t.is((await server.call('list', 'sys/leases/lookup/nothing')).status, 404);
});

const ASKED: readonly (readonly [
  verb: 'write' | 'list' | 'read',
  path: string,
  isSudo: boolean,
])[] = [
  ['list', 'sys/leases/lookup/db', true],
  ['write', 'sys/leases/revoke', false],
  ['write', 'sys/revoke', false],
  ['write', 'sys/leases/revoke-prefix/db', true],
  ['write', 'sys/revoke-prefix/db', true],
  ['write', 'sys/leases/revoke-force/db', true],
  ['write', 'sys/revoke-force/db', true],
  ['read', 'sys/leases/count', false],
  ['write', 'sys/leases/tidy', false],
];

for (const [verb, path, isSudo] of ASKED) {
  test(`${verb} of ${path} needs its own rule${isSudo ? ' and sudo' : ''}`, async (t) => {
    const { server, outside } = await start();
    const id = await leaseOf(server, 'a');
    const body = { lease_id: id, type: 'irrevocable' };
    const ask = async (policies: readonly string[]) => {
      const token = await server.token({ policies, ttl: '1h' });
      return (await server.call(verb, path, { token, body })).status;
    };
    await putRules(server, path);
    t.is(await ask(['default']), 403);
    t.is(await ask(['plain']), isSudo ? 403 : expectedOf(verb, path));
    if (isSudo) t.deepEqual([...outside.alive], ['a']);
    t.is(await ask(['with-sudo']), expectedOf(verb, path));
  });
}

async function putRules(server: TestServer, path: string): Promise<void> {
  const rule = (capabilities: string) =>
    `path "${path}" { capabilities = [${capabilities}] } path "${path}/" { capabilities = [${capabilities}] }`;
  await server.putPolicy('plain', rule('"update", "read", "list"'));
  await server.putPolicy('with-sudo', rule('"update", "read", "list", "sudo"'));
}

function expectedOf(verb: string, path: string): number {
  if (path.endsWith('tidy')) return 202;
  return verb === 'write' ? 204 : 200;
}

test('the default policy lets look up and renew, by id only', async (t) => {
  const { server } = await start();
  const body = { lease_id: await leaseOf(server, 'a') };
  const token = await server.token({ policies: ['default'], ttl: '1h' });
  for (const path of ['sys/leases/lookup', 'sys/leases/renew', 'sys/renew']) {
    t.is((await server.call('write', path, { token, body })).status, 200, path);
  }
});

test('a mount is disabled with its leases, or not at all', async (t) => {
  const { server, outside } = await start();
  for (let count = 0; count < 300; count++) await leaseOf(server, `c${count}`);
  outside.isBroken = true;
  const refused = await server.call('delete', 'sys/mounts/db');
  t.is(refused.status, 400);
  t.regex(refused.errors.join(), /^failed to revoke "db\/creds\/c.+" \(300 \/ 300\): /);
  t.is((await server.call('read', 'db/creds/more')).status, 200, 'it is still there');
  outside.isBroken = false;
  await server.must('delete', 'sys/mounts/db');
  t.is(outside.alive.size, 0);
  t.is((await server.call('read', 'db/creds/x')).status, 404);
  t.deepEqual(server.keys('sys/expire/'), []);
});

test('a server that dies while it disables a mount forgets no lease', async (t) => {
  const { server, outside } = await start();
  for (let count = 0; count < 300; count++) await leaseOf(server, `c${count}`);
  let revoked = 0;
  const never = new Promise<void>(() => {});
  // The first hundred are revoked, the others wait for an answer that never comes.
  outside.gate = () => (revoked++ < 100 ? open() : never);
  void server.call('delete', 'sys/mounts/db');
  await server.settle();
  outside.gate = open;
  await server.restart();
  t.is(outside.alive.size, 200);
  t.is(server.keys('sys/expire/id/db/').length, 200);
  await server.must('delete', 'sys/mounts/db');
  t.is(outside.alive.size, 0);
  t.deepEqual(server.keys('sys/expire/'), []);
});

test('a lease that is made while its mount is disabled is not forgotten', async (t) => {
  const { server, outside } = await start();
  await leaseOf(server, 'a');
  const { promise, resolve } = Promise.withResolvers<void>();
  outside.gate = () => promise;
  const disabled = server.call('delete', 'sys/mounts/db');
  await server.settle();
  await leaseOf(server, 'late');
  outside.gate = open;
  resolve();
  t.is((await disabled).status, 204);
  t.deepEqual([...outside.alive], []);
  t.deepEqual(server.keys('sys/expire/'), []);
});

test('a mount that moves leaves its leases behind, ended', async (t) => {
  const { server, outside } = await start();
  await leaseOf(server, 'a');
  await server.must('write', 'sys/remount', { body: { from: 'db', to: 'other' } });
  t.deepEqual([...outside.alive], []);
  const { body } = await server.must('read', 'other/creds/b');
  t.regex(String(body['lease_id']), /^other\/creds\/b\//);
});

for (const path of ['sys/leases/tidy', 'auth/token/tidy']) {
  test(`${path} looks at everything again and changes nothing that is right`, async (t) => {
    const { server, outside } = await start();
    await leaseOf(server, 'a');
    await server.settle();
    const waiting = server.services.leases.size;
    const { status, warnings } = await server.call('write', path);
    t.is(status, 202);
    t.deepEqual(warnings, [
      "Tidy operation successfully started. Any information from the operation will be printed to Vault's server logs.",
    ]);
    await server.settle();
    t.is(server.services.leases.size, waiting);
    t.deepEqual([...outside.alive], ['a']);
    await server.advance(2_764_801 * SECOND);
    t.deepEqual([...outside.alive], []);
  });
}
