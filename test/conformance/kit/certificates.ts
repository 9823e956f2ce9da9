// Certificates for scenarios that need them, made once per process with openssl, valid for ten years.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DAYS = '3650';

const AUTHORITIES = ['ca', 'stranger-ca'];
const LEAVES = [
  {
    name: 'server',
    issuer: 'ca',
    subject: '/CN=server',
    extensions: [
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
      'extendedKeyUsage=serverAuth,clientAuth',
    ],
  },
  {
    name: 'client',
    issuer: 'ca',
    subject: '/O=example/OU=engineering/CN=client.example.com',
    extensions: [
      'subjectAltName=DNS:client.example.com,email:client@example.com,URI:spiffe://example.com/client',
      'extendedKeyUsage=clientAuth',
      '1.2.3.4=ASN1:UTF8String:hello',
    ],
  },
  {
    name: 'other-client',
    issuer: 'ca',
    subject: '/O=other/CN=other.example.com',
    extensions: ['subjectAltName=DNS:other.example.com', 'extendedKeyUsage=clientAuth'],
  },
  {
    name: 'stranger',
    issuer: 'stranger-ca',
    subject: '/CN=client.example.com',
    extensions: ['subjectAltName=DNS:client.example.com', 'extendedKeyUsage=clientAuth'],
  },
] as const;

const LIST_CONFIG = `[ca]
default_ca=d
[d]
database=index.txt
default_md=sha256
default_crl_days=3650
certificate=ca.pem
private_key=ca.key
`;

/** The folder, and what its files hold by their names. */
export interface Certificates {
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;
}

/** One authority's leaves, another's, and a revocation list that holds other-client. */
export const certificates = once(async (): Promise<Certificates> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'conformance-certificates-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await makeAuthorities(folder);
  for (const leaf of LEAVES) await makeLeaf(folder, leaf);
  await makeList(folder);
  const names = [
    ...[...AUTHORITIES, 'crl'].map((name) => `${name}.pem`),
    ...LEAVES.flatMap(({ name }) => [`${name}.pem`, `${name}.key`]),
  ];
  const read = async (name: string): Promise<[string, string]> => [
    name,
    await readFile(path.join(folder, name), 'utf8'),
  ];
  return { folder, files: new Map(await Promise.all(names.map(read))) };
});

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return async () => {
    made ??= make();
    return made;
  };
}

async function openssl(folder: string, line: string): Promise<void> {
  await run('openssl', line.split(' '), { cwd: folder });
}

async function makeKey(folder: string, name: string): Promise<void> {
  await openssl(folder, `ecparam -name prime256v1 -genkey -noout -out ${name}.key`);
}

async function makeAuthorities(folder: string): Promise<void> {
  for (const name of AUTHORITIES) {
    await makeKey(folder, name);
    const subject = `-subj /CN=${name}.example.com`;
    await openssl(
      folder,
      `req -x509 -new -key ${name}.key ${subject} -days ${DAYS} -out ${name}.pem`,
    );
  }
}

async function makeLeaf(folder: string, leaf: (typeof LEAVES)[number]): Promise<void> {
  const { name, issuer, subject, extensions } = leaf;
  await makeKey(folder, name);
  await openssl(folder, `req -new -key ${name}.key -subj ${subject} -out ${name}.csr`);
  await writeFile(path.join(folder, `${name}.ext`), extensions.join('\n'));
  const signer = `-CA ${issuer}.pem -CAkey ${issuer}.key -CAcreateserial`;
  const made = `-days ${DAYS} -extfile ${name}.ext -out ${name}.pem`;
  await openssl(folder, `x509 -req -in ${name}.csr ${signer} ${made}`);
}

/** crl.pem: a revocation list of ca. */
async function makeList(folder: string): Promise<void> {
  await writeFile(path.join(folder, 'index.txt'), '');
  await writeFile(path.join(folder, 'ca.cnf'), LIST_CONFIG);
  await openssl(folder, 'ca -config ca.cnf -revoke other-client.pem');
  await openssl(folder, 'ca -config ca.cnf -gencrl -out crl.pem');
}
