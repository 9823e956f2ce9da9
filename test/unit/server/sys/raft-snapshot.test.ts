// Snapshots over HTTP: taken, given back, and refused where they are not right, with the cluster unharmed.
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { startListening, type Listening } from '#test/helpers/listening.ts';
import { DamagedError } from '#storage/physical.ts';
import { settle } from '#test/helpers/medium.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { WholeCluster } from '#test/helpers/whole-cluster.ts';

const SNAPSHOT = 'sys/storage/raft/snapshot';
const FORCE = 'sys/storage/raft/snapshot-force';

interface Begun extends Listening {
  readonly cluster: WholeCluster;
  readonly folder: string;
}

async function begin(t: ExecutionContext, listener = ''): Promise<Begun> {
  const cluster = WholeCluster.leading();
  const folder = temporaryFolder(t);
  const listening = await startListening({ cluster, folder, listener });
  t.teardown(() => listening.close());
  return { ...listening, cluster, folder };
}

interface Asked {
  readonly method?: string;
  readonly body?: object | Uint8Array;
  readonly token?: string;
}

/** It happens behind the answer. */
async function untilSealed({ node }: Begun): Promise<void> {
  for (let turn = 0; turn < 100 && node.unsealed() !== undefined; turn += 1) await settle();
}

async function ask(server: Begun, path: string, asked: Asked = {}) {
  const { method = 'GET', body, token = server.token } = asked;
  const response = await fetch(`${server.address}/v1/${path}`, {
    method,
    headers: token === '' ? {} : { 'X-Vault-Token': token },
    ...(body === undefined
      ? {}
      : { body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body) }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString();
  const errors = text.startsWith('{')
    ? ((JSON.parse(text) as { errors?: string[] }).errors ?? [])
    : [];
  return { status: response.status, headers: response.headers, bytes, text, errors: errors.join() };
}

const write = (server: Begun, x: string) =>
  ask(server, 'cubbyhole/a', { method: 'POST', body: { x } });
const read = async (server: Begun): Promise<string> => {
  const { text } = await ask(server, 'cubbyhole/a');
  return (JSON.parse(text) as { data: { x: string } }).data.x;
};

test('a snapshot brings back what was there when it was taken', async (t) => {
  const server = await begin(t);
  await write(server, 'before');
  const taken = await ask(server, SNAPSHOT);
  t.is(taken.status, 200);
  t.is(taken.headers.get('content-type'), 'application/gzip');
  t.is(taken.headers.get('content-disposition'), 'attachment');
  t.true(gunzipSync(taken.bytes).toString('latin1').startsWith('meta.json'));
  await write(server, 'after');
  t.is(await read(server), 'after');
  const restored = await ask(server, SNAPSHOT, { method: 'POST', body: taken.bytes });
  t.is(restored.status, 204, restored.text);
  t.is(await read(server), 'before');
  await write(server, 'later');
  t.is(await read(server), 'later');
  await settle();
  t.is(server.cluster.saving, 0);
  t.deepEqual(readdirSync(server.folder), []);
});

test('after a restore it is known who leads, whoever led when the snapshot was taken', async (t) => {
  const server = await begin(t);
  const key = 'core/leader';
  const barrier = server.node.unsealed()?.barrier;
  if (barrier === undefined) throw new Error('it is unsealed');
  const advertised = barrier.read<object>(key)?.value;
  const transaction = barrier.begin();
  transaction.put(key, { id: 'node9', apiAddress: 'http://gone', clusterAddress: 'https://gone' });
  await transaction.commit();
  const { bytes } = await ask(server, SNAPSHOT);
  t.is((await ask(server, SNAPSHOT, { method: 'POST', body: bytes })).status, 204);
  t.deepEqual(barrier.read<object>(key)?.value, advertised);
});

test('what is larger than a request may be is taken all the same, if somebody may send it', async (t) => {
  const server = await begin(t, 'max_request_size = 4096');
  const large = 'x'.repeat(3000);
  for (const name of ['b', 'c', 'd']) {
    await ask(server, `cubbyhole/${name}`, { method: 'POST', body: { x: large } });
  }
  const { bytes } = await ask(server, SNAPSHOT);
  t.true(bytes.length > 4096);
  t.is((await ask(server, SNAPSHOT, { method: 'PUT', body: bytes })).status, 204);
  const body = { x: 'y'.repeat(5000) };
  t.is((await ask(server, 'cubbyhole/e', { method: 'POST', body })).status, 413);
});

test("another cluster's snapshot is taken by force, and the node seals itself", async (t) => {
  const [first, second] = [await begin(t), await begin(t)];
  await write(first, 'first');
  await write(second, 'second');
  const { bytes } = await ask(first, SNAPSHOT);
  const refused = await ask(second, SNAPSHOT, { method: 'POST', body: bytes });
  t.is(refused.status, 400);
  t.is(
    refused.errors,
    'could not verify hash file, possibly the snapshot is using a different set of unseal keys; use the snapshot-force API to bypass this check',
  );
  t.is(await read(second), 'second');
  t.is((await ask(second, FORCE, { method: 'POST', body: bytes })).status, 204);
  await untilSealed(second);
  t.is(second.node.unsealed(), undefined);
  await t.throwsAsync(second.node.provideShare(Buffer.from(second.share, 'hex')), {
    message: /message authentication failed/,
  });
  await second.node.provideShare(Buffer.from(first.share, 'hex'));
  t.is(await read(second), 'first');
});

test('a snapshot from before a rotation is restored, one from before a rekey by force only', async (t) => {
  const server = await begin(t);
  await write(server, 'before');
  const { bytes } = await ask(server, SNAPSHOT);
  await ask(server, 'sys/rotate', { method: 'POST' });
  await write(server, 'after');
  const later = await ask(server, SNAPSHOT);
  t.is((await ask(server, SNAPSHOT, { method: 'POST', body: bytes })).status, 204);
  t.is(await read(server), 'before');
  t.is(server.node.unsealed()?.barrier.keyInformation().term, 1);
  t.is((await ask(server, SNAPSHOT, { method: 'POST', body: later.bytes })).status, 204);
  t.is(await read(server), 'after');
  t.is(server.node.unsealed()?.barrier.keyInformation().term, 2);

  const begun = await ask(server, 'sys/rekey/init', {
    method: 'POST',
    body: { secret_shares: 1, secret_threshold: 1 },
  });
  const { nonce } = JSON.parse(begun.text) as { nonce: string };
  const body = { key: server.share, nonce };
  t.is((await ask(server, 'sys/rekey/update', { method: 'POST', body })).status, 200);
  const refused = await ask(server, SNAPSHOT, { method: 'POST', body: bytes });
  t.regex(refused.errors, /different set of unseal keys/);
  t.is((await ask(server, FORCE, { method: 'POST', body: bytes })).status, 204);
  await untilSealed(server);
  t.is(server.node.unsealed(), undefined);
  await server.node.provideShare(Buffer.from(server.share, 'hex'));
  t.is(await read(server), 'before');
});

const flipped = (bytes: Buffer): Buffer => {
  const tar = gunzipSync(bytes);
  const at = tar.indexOf('state.bin') + 700;
  tar[at] = (tar[at] ?? 0) ^ 1;
  return gzipSync(tar);
};

const BAD: readonly (readonly [what: string, change: (bytes: Buffer) => Buffer | undefined])[] = [
  ['nothing', () => undefined],
  ['an empty body', () => Buffer.alloc(0)],
  ['fields', () => Buffer.from('{"a":1}')],
  ['half of it', (bytes) => bytes.subarray(0, bytes.length / 2)],
  ['a flipped bit', flipped],
  ['something behind it', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
  ['a bomb', () => gzipSync(Buffer.alloc(20_000_000))],
];

for (const [what, change] of BAD) {
  test(`${what} is no snapshot, by force or not, and harms nobody`, async (t) => {
    const server = await begin(t);
    await write(server, 'before');
    const { bytes } = await ask(server, SNAPSHOT);
    await write(server, 'after');
    for (const path of [SNAPSHOT, FORCE]) {
      const body = change(bytes);
      const answer = await ask(server, path, { method: 'POST', ...(body && { body }) });
      t.is(answer.status, 400, answer.text);
    }
    t.is(await read(server), 'after');
    t.deepEqual(readdirSync(server.folder), []);
  });
}

test('a state that the storage cannot take is an error', async (t) => {
  const server = await begin(t);
  await write(server, 'before');
  const { bytes } = await ask(server, SNAPSHOT);
  server.cluster.restoreFailure = new Error('the disk is full');
  t.is((await ask(server, SNAPSHOT, { method: 'POST', body: bytes })).status, 500);
  server.cluster.restoreFailure = undefined;
  t.is(await read(server), 'before');
});

test('a state that is not what the storage has saved is refused', async (t) => {
  const server = await begin(t);
  await write(server, 'before');
  const { bytes } = await ask(server, SNAPSHOT);
  server.cluster.restoreFailure = new DamagedError('a record has no end');
  const answer = await ask(server, FORCE, { method: 'POST', body: bytes });
  t.is(answer.status, 400);
  t.is(answer.errors, 'the state in the snapshot is damaged');
});

test('a snapshot that cannot be made is an error, not half of one', async (t) => {
  const server = await begin(t);
  const { bytes } = await ask(server, SNAPSHOT);
  t.true(bytes.length > 0);
  server.cluster.save = () => {
    throw new Error('no');
  };
  const answer = await ask(server, SNAPSHOT);
  t.is(answer.status, 500);
  t.is(answer.errors, 'internal error');
});

for (const [method, path] of [
  ['GET', SNAPSHOT],
  ['POST', SNAPSHOT],
  ['POST', FORCE],
] as const) {
  test(`${method} ${path} asks for a token and a policy that allows it`, async (t) => {
    const server = await begin(t);
    await write(server, 'before');
    const { bytes } = await ask(server, SNAPSHOT);
    await write(server, 'after');
    const made = await ask(server, 'auth/token/create', {
      method: 'POST',
      body: { policies: ['default'] },
    });
    const { auth } = JSON.parse(made.text) as { auth: { client_token: string } };
    for (const token of ['', 'nobody', auth.client_token]) {
      const body = method === 'POST' ? bytes : undefined;
      const answer = await ask(server, path, { method, token, ...(body && { body }) });
      t.is(answer.status, 403, answer.text);
    }
    t.is(await read(server), 'after');
  });
}

/** What the server says before any of the body was sent. */
function announce(server: Begun, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(`${server.address}/v1/${SNAPSHOT}`, {
      method: 'POST',
      headers: { 'X-Vault-Token': token, Expect: '100-continue', 'Content-Length': '1000000' },
    });
    asking.on('continue', () => {
      resolve('continue');
      asking.destroy();
    });
    asking.on('response', (response) => {
      resolve(String(response.statusCode));
      asking.destroy();
    });
    asking.on('error', reject);
    asking.flushHeaders();
  });
}

test('whoever may not send a snapshot is told before it is sent', async (t) => {
  const server = await begin(t);
  t.is(await announce(server, 'nobody'), '403');
  t.is(await announce(server, server.token), 'continue');
});

test('a client that breaks off leaves nothing behind', async (t) => {
  const server = await begin(t);
  const { bytes } = await ask(server, SNAPSHOT);
  await new Promise<void>((resolve) => {
    const asking = request(`${server.address}/v1/${SNAPSHOT}`, {
      method: 'POST',
      headers: { 'X-Vault-Token': server.token, 'Content-Length': bytes.length },
    });
    asking.on('error', () => resolve());
    asking.write(bytes.subarray(0, 500), () => setImmediate(() => asking.destroy()));
    asking.on('close', () => resolve());
  });
  t.is((await ask(server, 'sys/health')).status, 200);
  t.deepEqual(readdirSync(server.folder), []);
});
