import test from 'ava';
import { leasingEngine, open, Outside } from '#test/helpers/leasing-engine.ts';
import { TestServer } from '#test/helpers/server.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
/** Longer than all retries together, with their jitter. */
const ALL_RETRIES = HOUR;

async function start() {
  const outside = new Outside();
  const server = await TestServer.start({ engines: [leasingEngine(outside)] });
  await server.mount({ kind: 'secret', path: 'db/', type: 'leasing' });
  await server.putPolicy(
    'user',
    'path "db/*" { capabilities = ["read"] } path "auth/token/create" { capabilities = ["update"] }',
  );
  return { server, outside };
}

type Body = Readonly<Record<string, unknown>>;

async function leaseOf(server: TestServer, name: string, body: Body = {}, token = 'root') {
  const answer = await server.must('read', `db/creds/${name}`, { token, body });
  return String(answer.body['lease_id']);
}

const lookup = (server: TestServer, id: string) =>
  server.call('write', 'sys/leases/lookup', { body: { lease_id: id } });

test('a credential comes with a lease of the path that made it', async (t) => {
  const { server } = await start();
  const { body } = await server.must('read', 'db/creds/a', { body: { ttl: '1h' } });
  t.regex(String(body['lease_id']), /^db\/creds\/a\/[A-Za-z0-9]{24}$/);
  t.like(body, { renewable: true, lease_duration: 3600, data: { credential: 'a' } });
  const { data } = await lookup(server, String(body['lease_id']));
  t.like(data, { path: 'db/creds/a', renewable: true, ttl: 3600, last_renewal: null });
});

test('a lease longer than the mount allows is cut, with a warning', async (t) => {
  const { server } = await start();
  const { body, warnings } = await server.must('read', 'db/creds/a', { body: { ttl: '1000h' } });
  t.is(body['lease_duration'], 768 * 3600);
  t.deepEqual(warnings, [
    'TTL of "1000h" exceeded the effective max_ttl of "768h"; TTL value is capped accordingly',
  ]);
});

test('a lease ends at its time, and not before', async (t) => {
  const { server, outside } = await start();
  const id = await leaseOf(server, 'a', { ttl: '10s' });
  await server.advance(9 * SECOND);
  t.deepEqual([...outside.alive], ['a']);
  await server.advance(SECOND + 100);
  t.deepEqual([...outside.alive], []);
  t.deepEqual((await lookup(server, id)).errors, ['invalid lease']);
  t.deepEqual(server.keys('sys/expire/'), [], 'nothing is left of it');
});

test('what ended while the server was down ends when it is unsealed', async (t) => {
  const { server, outside } = await start();
  await leaseOf(server, 'a', { ttl: '10s' });
  const token = await server.token({ policies: ['user'], ttl: '10s' });
  const child = await server.token({ ttl: '1h' }, token);
  await leaseOf(server, 'of-child', { ttl: '1h' }, child);
  await leaseOf(server, 'later', { ttl: '2h' });
  await server.seal();
  server.clock.advance(HOUR / 2);
  await server.restart();
  t.deepEqual([...outside.alive], ['later']);
  t.is((await server.call('read', 'auth/token/lookup-self', { token: child })).status, 403);
  await server.advance(2 * HOUR);
  t.deepEqual([...outside.alive], []);
});

test('a sealed server ends nothing, an unsealed one makes up for it', async (t) => {
  const { server, outside } = await start();
  await leaseOf(server, 'a', { ttl: '10s' });
  await server.seal();
  await server.advance(HOUR);
  t.deepEqual([...outside.alive], ['a']);
  await server.unseal();
  t.deepEqual([...outside.alive], []);
});

test('a renewal moves the end', async (t) => {
  const { server, outside } = await start();
  const id = await leaseOf(server, 'a', { ttl: '10s', max_ttl: '1m' });
  await server.advance(5 * SECOND);
  const { body } = await server.must('write', 'sys/leases/renew', {
    body: { lease_id: id, increment: 30 },
  });
  t.like(body, { lease_id: id, renewable: true, lease_duration: 30, data: null });
  t.deepEqual(outside.renewed, [['a', 30]]);
  await server.advance(29 * SECOND);
  t.deepEqual([...outside.alive], ['a']);
  await server.advance(2 * SECOND);
  t.deepEqual([...outside.alive], []);
});

for (const [what, increment, expected] of [
  ['none: what it had at first', undefined, 20],
  ['0: what it had at first', 0, 20],
  ['less', 5, 5],
  ['more than is left', '10h', 50],
] as const) {
  test(`a renewal by ${what}`, async (t) => {
    const { server } = await start();
    const id = await leaseOf(server, 'a', { ttl: '20s', max_ttl: '1m' });
    await server.advance(10 * SECOND);
    const body = { lease_id: id, ...(increment === undefined ? {} : { increment }) };
    const renewed = await server.must('write', 'sys/leases/renew', { body });
    t.is(renewed.body['lease_duration'], expected);
  });
}

test('a renewal is never for nothing: the last moment of the maximum is not renewed', async (t) => {
  const { server } = await start();
  const id = await leaseOf(server, 'a', { ttl: '60s', max_ttl: '60s' });
  await server.advance(59.6 * SECOND);
  for (const increment of [0, 1, '0.5s', '292y']) {
    const { status, errors } = await server.call('write', 'sys/leases/renew', {
      body: { lease_id: id, increment },
    });
    t.is(status, 400, String(increment));
    if (increment !== '292y') t.deepEqual(errors, ['past the max TTL, cannot renew']);
  }
});

test('what cannot be renewed says why', async (t) => {
  const { server, outside } = await start();
  const renew = async (id: string) => {
    const { status, errors } = await server.call('write', 'sys/leases/renew', {
      body: { lease_id: id },
    });
    return `${status} ${errors.join()}`;
  };
  t.is(await renew('db/creds/none/x'), '400 lease not found');
  t.is(await renew('//'), '400 lease not found');
  t.is(await renew(''), '400 lease_id must be specified');
  t.is(await renew(await leaseOf(server, 'fixed')), '400 lease is not renewable');
  await server.token({ ttl: '1h' });
  const [tokenLease = ''] = server.keys('sys/expire/id/auth/');
  t.is(
    await renew(tokenLease.replace('sys/expire/id/', '')),
    '400 tokens cannot be renewed through this endpoint',
  );
  const id = await leaseOf(server, 'a');
  outside.isBroken = true;
  t.is(await renew(id), '400 failed to renew entry: the outside is broken');
});

test('the leases of a token end with it, those of its children too, others do not', async (t) => {
  const { server, outside } = await start();
  const token = await server.token({ policies: ['user'], ttl: '1h' });
  const child = await server.token({}, token);
  const id = await leaseOf(server, 'of-token', {}, token);
  await leaseOf(server, 'of-child', {}, child);
  await leaseOf(server, 'of-root');
  await server.must('write', 'auth/token/revoke', { body: { token } });
  t.is((await lookup(server, id)).status, 400, 'it counts as ended at once');
  await server.settle();
  t.deepEqual([...outside.alive], ['of-root']);
});

test('the lease of a token that ends by itself ends with it', async (t) => {
  const { server, outside } = await start();
  const token = await server.token({ policies: ['user'], ttl: '5s' });
  await leaseOf(server, 'a', { ttl: '1h' }, token);
  await server.advance(6 * SECOND);
  t.deepEqual([...outside.alive], []);
});

test('the lease of a batch token lasts no longer than the token, whatever is renewed', async (t) => {
  const { server, outside } = await start();
  const token = await server.token({ policies: ['user'], ttl: '60s', type: 'batch' });
  const { body } = await server.must('read', 'db/creds/a', { token, body: { ttl: '1h' } });
  t.is(body['lease_duration'], 60);
  await server.advance(30 * SECOND);
  const renewed = await server.must('write', 'sys/leases/renew', {
    body: { lease_id: body['lease_id'], increment: '1h' },
  });
  t.is(renewed.body['lease_duration'], 30);
  await server.seal();
  server.clock.advance(31 * SECOND);
  await server.restart();
  t.deepEqual([...outside.alive], []);
});

test('the lease of a batch token ends with the parent of the token', async (t) => {
  const { server, outside } = await start();
  const parent = await server.token({ policies: ['user'], ttl: '1h' });
  const token = await server.token({ ttl: '30m', type: 'batch' }, parent);
  await leaseOf(server, 'a', {}, token);
  await server.must('write', 'auth/token/revoke', { body: { token: parent } });
  await server.settle();
  t.deepEqual([...outside.alive], []);
});

test('a credential for the last use of a token is not handed out, and ends', async (t) => {
  const { server, outside } = await start();
  const token = await server.token({ policies: ['user'], ttl: '1h', num_uses: 1 });
  const { status, errors } = await server.call('read', 'db/creds/a', { token });
  t.is(status, 400);
  t.deepEqual(errors, [
    'Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.',
  ]);
  await server.settle();
  t.deepEqual(outside.attempts, ['a']);
  t.deepEqual([...outside.alive], []);
});

test('a revocation that fails is tried again, later each time, and then given up', async (t) => {
  const { server, outside } = await start();
  const id = await leaseOf(server, 'a', { ttl: '10s' });
  outside.isBroken = true;
  await server.advance(10.1 * SECOND);
  t.is(outside.attempts.length, 1);
  for (const [attempt, delay] of [10, 20, 40, 80, 160, 320].entries()) {
    await server.advance((delay - 1) * SECOND);
    t.is(outside.attempts.length, attempt + 1, `not before ${delay} s`);
    await server.advance(delay * 0.25 * SECOND + 1.1 * SECOND);
    t.is(outside.attempts.length, attempt + 2, `after ${delay} s and its jitter`);
  }
  outside.isBroken = false;
  await server.advance(100 * HOUR);
  t.is(outside.attempts.length, 7);
  const { data } = await server.must('read', 'sys/leases', { body: { type: 'irrevocable' } });
  t.like(data, {
    lease_count: 1,
    leases: [{ lease_id: id, error: 'the outside is broken' }],
  });
  t.is((await lookup(server, id)).status, 200, 'it is still known');
});

test('an irrevocable lease is kept over a restart, counted, and ends when somebody asks again', async (t) => {
  const { server, outside } = await start();
  const id = await leaseOf(server, 'a', { ttl: '10s' });
  outside.isBroken = true;
  await exhaust(server);
  await server.seal();
  await server.restart();
  const asked = { body: { type: 'irrevocable' } };
  const accessor = await mountAccessor(server);
  t.deepEqual((await server.must('read', 'sys/leases/count', asked)).data, {
    lease_count: 1,
    counts: { [accessor]: 1 },
  });
  t.is(outside.attempts.length, 7, 'nobody tries by himself');
  const renewal = await server.call('write', 'sys/leases/renew', { body: { lease_id: id } });
  t.deepEqual(renewal.errors, ['lease is expired and has failed previous revocation attempts']);
  outside.isBroken = false;
  await server.must('write', 'sys/leases/revoke', { body: { lease_id: id } });
  await server.settle();
  t.deepEqual([...outside.alive], []);
  t.is((await server.must('read', 'sys/leases/count', asked)).data['lease_count'], 0);
  t.deepEqual(server.keys('sys/expire/'), []);
});

test('attempts go on where they were after a restart', async (t) => {
  const { server, outside } = await start();
  await leaseOf(server, 'a', { ttl: '10s' });
  outside.isBroken = true;
  await server.advance(11 * SECOND);
  await server.seal();
  server.clock.advance(HOUR);
  outside.isBroken = false;
  await server.restart();
  t.is(outside.attempts.length, 2);
  t.deepEqual([...outside.alive], []);
});

test('a lease whose mount is gone is not lost', async (t) => {
  const { server, outside } = await start();
  const id = await leaseOf(server, 'a', { ttl: '10s' });
  await server.transact((transaction) => {
    const { mounts } = server.services;
    const others = mounts.entries(transaction).filter(({ path }) => path !== 'db/');
    mounts.put(transaction, others);
  });
  await exhaust(server);
  const { data } = await server.must('read', 'sys/leases', { body: { type: 'irrevocable' } });
  t.like(data, {
    lease_count: 1,
    leases: [{ lease_id: id, mount_id: 'mount-accessor-not-found' }],
  });
  t.deepEqual([...outside.alive], ['a']);
});

test('an engine that never answers counts as failed, and its slot is free again', async (t) => {
  const { server, outside } = await start();
  await leaseOf(server, 'a', { ttl: '10s' });
  outside.gate = () => new Promise(() => {});
  await server.advance(11 * SECOND);
  await server.advance(91 * SECOND);
  outside.gate = open;
  await server.advance(20 * SECOND);
  t.deepEqual(outside.attempts, ['a', 'a']);
  t.deepEqual([...outside.alive], []);
});

test('no more than 200 revocations run at once, and all are done', async (t) => {
  const { server, outside } = await start();
  for (let count = 0; count < 450; count++) {
    await leaseOf(server, `c${count}`, { ttl: '10s' });
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  outside.gate = () => promise;
  await server.advance(11 * SECOND);
  t.is(outside.attempts.length, 200);
  resolve();
  outside.gate = open;
  await server.settle();
  await server.settle();
  t.is(outside.attempts.length, 450);
  t.is(outside.alive.size, 0);
});

test('sealing waits for a revocation that runs, but not for ever', async (t) => {
  const { server, outside } = await start();
  await leaseOf(server, 'a', { ttl: '10s' });
  outside.gate = () => new Promise(() => {});
  await server.advance(11 * SECOND);
  const sealed = server.seal();
  await server.settle();
  t.notThrows(() => server.clock.advance(5 * SECOND));
  await sealed;
  outside.gate = open;
  await server.unseal();
  t.deepEqual([...outside.alive], []);
});

async function exhaust(server: TestServer): Promise<void> {
  await server.advance(11 * SECOND);
  for (let attempt = 0; attempt < 6; attempt++) await server.advance(ALL_RETRIES);
}

async function mountAccessor(server: TestServer): Promise<string> {
  return server.transact(
    (transaction) =>
      server.services.mounts.entries(transaction).find(({ path }) => path === 'db/')?.accessor ??
      '',
  );
}
