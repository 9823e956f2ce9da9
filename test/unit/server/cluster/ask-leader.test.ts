// Questions to the API of another node, over HTTP and HTTPS.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { makeAsk } from '#server/cluster/ask-leader.ts';
import { issue } from '#server/cluster/authority.ts';
import { configuredLeader, joinRequest, type Leader } from '#server/cluster/leader.ts';
import { systemClock } from '#server/system-clock.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { authorities, node } from '#test/helpers/cluster.ts';

const NOBODY: Leader = { apiAddress: '', serverName: '', ca: '', cert: '', key: '' };
const ask = makeAsk(systemClock);

async function serve(
  t: ExecutionContext,
  listener: RequestListener,
  options?: https.ServerOptions,
): Promise<string> {
  const server =
    options === undefined ? http.createServer(listener) : https.createServer(options, listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { readonly port: number };
  return `${options === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
}

const at = (apiAddress: string, more: Partial<Leader> = {}): Leader => ({
  ...NOBODY,
  apiAddress,
  ...more,
});

test('the data of an answer is what comes back', async (t) => {
  const seen = Promise.withResolvers<readonly [IncomingMessage, string]>();
  const address = await serve(t, (request, response) => {
    void text(request).then((body) => {
      seen.resolve([request, body]);
      return response.end('{"data":{"x":"1"}}');
    });
  });
  t.deepEqual(await ask(at(`${address}/`), 'sys/a', { server_id: 'n' }), { x: '1' });
  const [request, body] = await seen.promise;
  t.is(request.url, '/v1/sys/a');
  t.is(request.method, 'PUT');
  t.is(body, '{"server_id":"n"}');
});

const BAD: readonly (readonly [number, string, RegExp])[] = [
  [503, '{"errors":["Vault is sealed"]}', /^Vault is sealed$/],
  [200, '{"data":null}', /status 200/],
  [200, '[]', /status 200/],
  [200, 'no JSON', /status 200/],
  [500, '', /status 500/],
  [200, `{"data":{"x":"${'y'.repeat(2_000_000)}"}}`, /too large/],
];

for (const [status, body, message] of BAD) {
  test(`an answer ${status} ${body.slice(0, 20)} is none`, async (t) => {
    const address = await serve(t, (_, response) => void response.writeHead(status).end(body));
    await t.throwsAsync(ask(at(address), 'sys/a', {}), { message });
  });
}

test('a standby that does not forward names who to ask', async (t) => {
  const active = await serve(t, (request, response) => {
    response.end(JSON.stringify({ data: { path: request.url } }));
  });
  const standby = await serve(t, (request, response) => {
    response.writeHead(307, { Location: `${active}${request.url}` }).end();
  });
  t.deepEqual(await ask(at(standby), 'sys/a', {}), { path: '/v1/sys/a' });
});

test('redirects that go round, or lead out of TLS, are not followed', async (t) => {
  const round: string = await serve(t, (request, response) => {
    response.writeHead(307, { Location: request.url }).end();
  });
  await t.throwsAsync(ask(at(round), 'sys/a', {}), { message: /status 307/ });
  const { cert, key, ca } = issue(authorities, node('a'), systemClock.now());
  const secure = await serve(
    t,
    (_, response) => void response.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end(),
    { cert, key },
  );
  // The certificate names a node, not a host: only what is trusted is looked at here.
  await t.throwsAsync(ask(at(secure, { ca: ca.join('') }), 'sys/a', {}), {
    message: /without TLS|altnames|IP/,
  });
});

test('a leader whose certificate is not vouched for is asked nothing', async (t) => {
  let requests = 0;
  const { cert, key } = issue(authorities, node('a'), systemClock.now());
  const address = await serve(t, () => (requests += 1), { cert, key });
  await t.throwsAsync(ask(at(address), 'sys/a', {}));
  t.is(requests, 0);
});

const openssl = spawnSync('openssl', ['version']).status === 0 ? test : test.skip;

openssl('a leader is known by its certificate, and knows who asks by theirs', async (t) => {
  const folder = temporaryFolder(t);
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=vault', '-addext', 'subjectAltName=DNS:vault'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-x509'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  const [key, cert] = [keyFile, certFile].map((file) => readFileSync(file, 'utf8'));
  if (key === undefined || cert === undefined) return t.fail();
  const options = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true };
  const address = await serve(t, (_, response) => void response.end('{"data":{}}'), options);
  const right = { ca: cert, cert, key, serverName: 'vault' };
  t.deepEqual(await ask(at(address, right), 'sys/a', {}), {});
  for (const wrong of [{ serverName: '' }, { serverName: 'other' }, { ca: '' }, { cert: '' }]) {
    await t.throwsAsync(ask(at(address, { ...right, ...wrong }), 'sys/a', {}));
  }
});

test('every address of a name is tried', async (t) => {
  const address = await serve(t, (_, response) => void response.end('{"data":{}}'));
  const named = address.replace('127.0.0.1', 'localhost'); // ::1 as well on most machines, where nobody listens
  t.deepEqual(await ask(at(named), 'sys/a', {}), {});
});

test('nobody there is an error', async (t) => {
  await t.throwsAsync(ask(at('http://127.0.0.1:1'), 'sys/a', {}), { code: 'ECONNREFUSED' });
  await t.throwsAsync(ask(at('http://name.invalid:1'), 'sys/a', {}));
});

test('what a join takes is read, and what it does not take is refused', (t) => {
  const { leader, retry, nonVoter } = joinRequest({
    leader_api_addr: 'https://vault-0:8200',
    leader_ca_cert: 'ca',
    leader_client_cert: 'cert',
    leader_client_key: 'key',
    leader_tls_servername: 'vault',
    retry: true,
    non_voter: true,
    unknown: 1,
  });
  t.deepEqual([retry, nonVoter], [true, true]);
  t.deepEqual(leader, {
    apiAddress: 'https://vault-0:8200',
    ca: 'ca',
    cert: 'cert',
    key: 'key',
    serverName: 'vault',
  });
  const refused: readonly (readonly [object, number, RegExp])[] = [
    [{}, 500, /^failed to join raft cluster: /],
    [{ leader_api_addr: 'http://a b' }, 500, /^failed to join raft cluster: /],
    [{ leader_api_addr: 'ftp://a' }, 500, /^failed to join raft cluster: /],
    [{ leader_api_addr: 7 }, 400, /^failed to parse JSON input: /],
    [{ leader_api_addr: 'http://a', retry: 'maybe' }, 400, /^failed to parse JSON input: /],
    [{ auto_join: 'provider=aws' }, 500, /auto_join is not supported/],
  ];
  for (const [parameters, status, message] of refused) {
    t.like(
      t.throws(() => joinRequest({ ...parameters }), { message }),
      { status },
    );
  }
});

test('a leader of the configuration may keep its certificates in files', (t) => {
  const given = {
    leader_api_addr: 'https://a',
    leader_tls_servername: '',
    leader_ca_cert_file: '',
    leader_client_cert_file: '',
    leader_client_key_file: '',
    leader_ca_cert: 'text',
    leader_client_cert: '',
    leader_client_key: '',
    auto_join: '',
    auto_join_scheme: '',
    auto_join_port: 0,
  };
  t.like(configuredLeader(given), { ca: 'text', cert: '' });
  t.regex(configuredLeader({ ...given, leader_client_cert_file: 'package.json' }).cert, /"coffer"/);
  t.throws(() => configuredLeader({ ...given, leader_client_key_file: '/nonexistent' }));
});
