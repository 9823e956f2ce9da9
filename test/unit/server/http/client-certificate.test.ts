// What clients show in their handshakes, over real connections.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import { Socket, type AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '#server/system-clock.ts';
import { issue, makeAuthority } from '#server/cluster/authority.ts';
import { clientCertificate } from '#server/http/client-certificate.ts';
import { serialNumberOf, type ClientCertificate } from '#server/request/client-certificate.ts';
import { authorities, node } from '#test/helpers/cluster.ts';

const now = systemClock.now();
const server = issue(authorities, node('server'), now);
const client = issue(authorities, node('client'), now);
const stranger = issue(makeAuthority(now), node('client'), now);

interface Seen {
  readonly certificate: ClientCertificate | undefined;
  /** The second look at the same connection gives the same. */
  readonly isSame: boolean;
}

/** What a listener sees of a client; it demands a certificate, or only takes what it gets. */
async function seen(
  t: ExecutionContext,
  isDemanded: boolean,
  shown: { readonly cert?: string; readonly key?: string },
): Promise<Seen> {
  const found = Promise.withResolvers<Seen>();
  const { cert, key, ca } = server;
  const options = { cert, key, ca: [...ca], requestCert: true, rejectUnauthorized: isDemanded };
  const listener = https.createServer(options, ({ socket }, response) => {
    const settings = { tls_require_and_verify_client_cert: isDemanded };
    const certificate = clientCertificate(socket, settings);
    const isSame = clientCertificate(socket, settings) === certificate;
    found.resolve({ certificate, isSame });
    response.end();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(() => listener.close());
  const { port } = listener.address() as AddressInfo;
  const request = https.get({ port, rejectUnauthorized: false, agent: false, ...shown });
  request.once('error', found.reject).once('response', (response) => response.resume());
  return found.promise;
}

const isOwn = ({ certificate }: Seen, { cert }: { readonly cert: string }): boolean =>
  certificate?.chain[0] === new X509Certificate(cert).raw.toString('base64');

test('a certificate that is demanded is verified, and has a number', async (t) => {
  const found = await seen(t, true, client);
  t.true(isOwn(found, client) && found.isSame);
  t.true(found.certificate?.isVerified);
  const { serialNumber } = new X509Certificate(client.cert);
  t.is(serialNumberOf(found.certificate), BigInt(`0x${serialNumber}`).toString());
});

for (const [whose, shown] of [
  ['of the listener’s authorities', client],
  ['of anybody', stranger],
] as const) {
  test(`a certificate ${whose} that nobody demanded is taken, and counts for nothing`, async (t) => {
    const found = await seen(t, false, shown);
    t.true(isOwn(found, shown));
    t.false(found.certificate?.isVerified);
    t.is(serialNumberOf(found.certificate), undefined);
  });
}

test('a client may show none', async (t) => {
  t.is((await seen(t, false, {})).certificate, undefined);
});

test('a connection without TLS has none', (t) => {
  const socket = new Socket();
  t.is(clientCertificate(socket, { tls_require_and_verify_client_cert: true }), undefined);
});
