import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import type { NodeId } from '#raft/types.ts';
import { isAuthorityRecord, issue, makeAuthority } from '#server/cluster/authority.ts';
import { nodeOfCertificate, uriOfNode } from '#server/cluster/node-uri.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const NOW = millis(Date.parse('2026-05-06T07:08:09Z'));
const DAY_MS = 24 * 3600 * 1000;
const record = makeAuthority(NOW);

const IDS = [
  'node1',
  '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  'nöde 1, DNS:other, URI:urn:coffer:node:bm9kZTI',
  'a/b@c "quoted"\n\u0000',
  '日本語',
  'x'.repeat(2000),
].map((id) => id as NodeId);

test('the authority signs itself, may sign nodes only, and has no end', (t) => {
  const [authority] = record.authorities;
  const certificate = new X509Certificate(Buffer.from(authority?.certificate ?? '', 'base64'));
  t.true(certificate.ca);
  t.true(certificate.verify(certificate.publicKey));
  t.true(certificate.checkIssued(certificate));
  t.is(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  t.is(certificate.validToDate.getUTCFullYear(), 9999);
});

test('a certificate names the node that it is for, whatever its id', (t) => {
  for (const id of IDS) {
    const { cert, ca, key } = issue(record, id, NOW);
    const certificate = new X509Certificate(cert);
    const authority = new X509Certificate(ca[0] ?? '');
    t.is(nodeOfCertificate(certificate), id);
    t.false(certificate.ca);
    t.true(certificate.verify(authority.publicKey));
    t.true(certificate.checkIssued(authority));
    t.true(key.startsWith('-----BEGIN PRIVATE KEY-----'));
  }
});

test('no two ids have one form', (t) => {
  t.is(new Set(IDS.map(uriOfNode)).size, IDS.length);
  for (const id of IDS) t.regex(uriOfNode(id), /^urn:coffer:node:[A-Za-z0-9_-]+$/);
});

const names = (subjectAltName: string | undefined): NodeId | undefined =>
  nodeOfCertificate({ subjectAltName } as X509Certificate);

test('only the one form of an id names a node', (t) => {
  t.is(names('URI:urn:coffer:node:bm9kZTE'), 'node1' as NodeId);
  for (const other of [
    undefined,
    '',
    'DNS:urn:coffer:node:bm9kZTE',
    'URI:urn:coffer:node:',
    'URI:urn:coffer:node:bm9kZTE=',
    'URI:urn:coffer:node:bm9kZTF', // bits behind the end
    'URI:urn:coffer:node:bm9kZTE, DNS:other',
    'URI:urn:coffer:node:bm9kZTE, URI:urn:coffer:node:bm9kZTI',
    'URI:urn:coffer:node:_w', // no UTF-8
    'URI:urn:other:node:bm9kZTE',
  ]) {
    t.is(names(other), undefined, other);
  }
});

test('a certificate holds for nodes whose clocks differ by a month, and is renewed long before its end', (t) => {
  const { cert, renewAt } = issue(record, 'node1' as NodeId, NOW);
  const { validFromDate, validToDate } = new X509Certificate(cert);
  t.is(validFromDate.getTime(), NOW - 30 * DAY_MS);
  t.is(validToDate.getTime(), NOW + 60 * DAY_MS);
  t.true(renewAt + 30 * DAY_MS < validToDate.getTime());
});

test('each certificate has a number and a key of its own', (t) => {
  const certificates = Array.from(
    { length: 20 },
    () => new X509Certificate(issue(record, 'node1' as NodeId, NOW).cert),
  );
  t.is(new Set(certificates.map(({ serialNumber }) => serialNumber)).size, 20);
  t.is(
    new Set(certificates.map(({ publicKey }) => publicKey.export({ format: 'jwk' }).x)).size,
    20,
  );
});

test('times before and after 2050 are written as each is to be', (t) => {
  const { cert } = issue(
    makeAuthority(NOW),
    'a' as NodeId,
    millis(Date.parse('2049-12-15T00:00:00Z')),
  );
  const { validFromDate, validToDate } = new X509Certificate(cert);
  t.is(validFromDate.toISOString(), '2049-11-15T00:00:00.000Z');
  t.is(validToDate.toISOString(), '2050-02-13T00:00:00.000Z');
});

test('a record is one only with a key that belongs to its certificate', (t) => {
  const [one] = record.authorities;
  const [other] = makeAuthority(NOW).authorities;
  t.true(isAuthorityRecord(record));
  for (const wrong of [
    undefined,
    null,
    {},
    { authorities: [] },
    { authorities: [{}] },
    { authorities: [{ certificate: one?.certificate, key: 'AAAA' }] },
    { authorities: [{ certificate: 'AAAA', key: one?.key }] },
    { authorities: [{ certificate: one?.certificate, key: other?.key }] },
  ]) {
    t.false(isAuthorityRecord(wrong));
  }
});

const openssl = spawnSync('openssl', ['version']).status === 0 ? test : test.skip;

openssl('OpenSSL finds nothing wrong with the certificates, for either end', (t) => {
  const folder = temporaryFolder(t);
  const { cert, ca } = issue(record, 'node1' as NodeId, NOW);
  const [caFile, file] = [join(folder, 'ca.pem'), join(folder, 'node.pem')];
  writeFileSync(caFile, ca.join(''));
  writeFileSync(file, cert);
  for (const purpose of ['sslserver', 'sslclient']) {
    const at = String(NOW / 1000);
    const flags = ['-x509_strict', '-attime', at, '-CAfile', caFile, '-purpose', purpose];
    t.regex(execFileSync('openssl', ['verify', ...flags, file]).toString(), /: OK\n$/);
  }
});
