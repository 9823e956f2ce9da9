// Over a whole cluster each request is on record once, whichever node it came to, with the client that sent it.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '#server/system-clock.ts';
import { issue } from '#server/cluster/authority.ts';
import { NotLeaderError } from '#storage/cluster-storage.ts';
import { authorities, node } from '#test/helpers/cluster.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { settle, twoNodes } from '#test/helpers/two-nodes.ts';

const SECRET = { body: { data: { x: '1' } } };

interface Entry {
  readonly type: 'request' | 'response';
  readonly error?: string;
  readonly request: {
    readonly id: string;
    readonly path: string;
    readonly remote_address: string;
    readonly client_certificate_serial_number?: string;
  };
}

/** Both nodes write into one file, as they have the same devices. */
async function begin(t: ExecutionContext, listener = '') {
  const file = join(temporaryFolder(t), 'audit.log');
  const nodes = await twoNodes({ listener });
  const body = { type: 'file', options: { file_path: file } };
  t.is((await nodes.one.ask('PUT', 'sys/audit/file', { body })).status, 204);
  await settle();
  const entriesOf = (path: string): readonly Entry[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry)
      .filter((entry) => entry.request.path === path);
  return { ...nodes, entriesOf };
}

const typesOf = (entries: readonly Entry[]): readonly string[] => entries.map(({ type }) => type);

test('a read that a standby answers is on record once', async (t) => {
  const { one, two, entriesOf } = await begin(t);
  await one.ask('POST', 'secret/data/a', SECRET);
  await two.ask('GET', 'secret/data/a');
  t.deepEqual(typesOf(entriesOf('secret/data/a')), ['request', 'response', 'request', 'response']);
});

test('a request that is sent on is on record once, with the address of its client', async (t) => {
  const { two, entriesOf } = await begin(t);
  await two.ask('POST', 'secret/data/a', SECRET);
  const entries = entriesOf('secret/data/a');
  t.deepEqual(typesOf(entries), ['request', 'response']);
  t.deepEqual([...new Set(entries.map(({ request }) => request.remote_address))], ['192.0.2.7']);
});

test('a request that is sent on is on record with the certificate of its client', async (t) => {
  const { one, two, entriesOf } = await begin(t, 'tls_require_and_verify_client_cert = true');
  const { cert } = issue(authorities, node('client'), systemClock.now());
  const { raw, serialNumber } = new X509Certificate(cert);
  await one.ask('POST', 'secret/data/a', { ...SECRET, certificate: raw });
  await two.ask('POST', 'secret/data/a', { ...SECRET, certificate: raw });
  await two.ask('POST', 'secret/data/a', SECRET);
  const numbers = entriesOf('secret/data/a').map(
    ({ request }) => request.client_certificate_serial_number,
  );
  const number = BigInt(`0x${serialNumber}`).toString();
  t.deepEqual(numbers, [number, number, number, number, undefined, undefined]);
});

test('a read that turns out to write is on record on the active node alone', async (t) => {
  const { one, two, entriesOf } = await begin(t);
  const { body } = await one.ask('POST', 'auth/token/create', { body: { num_uses: 2 } });
  const token = String((body['auth'] as { client_token?: string }).client_token);
  await two.ask('GET', 'auth/token/lookup-self', { token });
  t.deepEqual(typesOf(entriesOf('auth/token/lookup-self')), ['request', 'response']);
});

test('a denial on a standby is on record', async (t) => {
  const { two, entriesOf } = await begin(t);
  t.is((await two.ask('GET', 'sys/mounts', { token: 'hvs.wrong' })).status, 403);
  const entries = entriesOf('sys/mounts');
  t.deepEqual(typesOf(entries), ['request', 'response']);
  t.regex(entries[1]?.error ?? '', /permission denied/);
});

test('what a node that lost leadership did not do is on record there as not done, under the same id', async (t) => {
  const { cluster, one, two, entriesOf } = await begin(t);
  one.storage.commitFailures.push(() => {
    cluster.elect(two.storage);
    throw new NotLeaderError(two.storage.id);
  });
  const asked = one.ask('POST', 'secret/data/a', SECRET);
  await settle();
  one.clock.advance(50);
  t.is((await asked).status, 200);
  const entries = entriesOf('secret/data/a');
  t.deepEqual(typesOf(entries), ['request', 'response', 'request', 'response']);
  t.deepEqual(
    entries.map(({ error }) => error !== undefined),
    [false, true, false, false],
  );
  t.is(new Set(entries.map(({ request }) => request.id)).size, 1);
});
