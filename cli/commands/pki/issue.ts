// `vault pki issue`: a new intermediate authority in one go: a request, a signature, an import.
import type { Client } from '../../client/client.ts';
import { type JsonObject, type Secret, text, texts } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { textFlag } from '../../flags.ts';
import { printField, printSecret } from '../../format/output.ts';
import { sanitizePath } from '../../input/arguments.ts';
import { dataArgument } from '../../input/pairs.ts';
import { type Issuer, readIssuer } from './issuer.ts';

const EXIT_FAILED = 1;

export const pkiIssue = defineCommand({
  usage: 'pki issue PARENT CHILD_MOUNT options',
  about:
    'Creates a new intermediate CA: the key and a request are made at CHILD_MOUNT, the issuer at PARENT signs it, and the certificate is imported. PARENT is the path of an issuer, options are fields of the certificate.\n\n      $ vault pki issue -issuer_name="int" pki_root/issuer/root /pki_int/ common_name="Intermediate" ttl="90d"',
  shared: ['http', 'field', 'format'],
  flags: {
    type: textFlag('Who keeps the key: "internal", "exported", "existing" or "kms".', 'internal'),
    issuer_name: textFlag('Name of the new issuer.'),
  },
  run: async ({ flags, field, args, host, ui, connect }) => {
    const [parentPath, childMount, ...options] = args;
    if (parentPath === undefined || childMount === undefined) {
      throw usageFailure(
        `Not enough arguments, expected: [PARENT CHILD_MOUNT options], got ${args.length}`,
      );
    }
    const data = dataArgument(options, host);
    const client = connect();
    const parent = await readIssuer(client, parentPath);
    const mount = sanitizePath(childMount);
    await orFail(
      `Given Intermediate Mount ${mount} Does Not Exist`,
      client.fetch('GET', `sys/mounts/${mount}/tune`),
      EXIT_FAILED,
    );
    const request = await makeRequest(client, { mount, type: flags.type, data });
    const signed = await sign(client, sanitizePath(parentPath), { ...data, csr: request });
    const id = await importIssuer(client, { mount, certificate: signed, parent });
    const issuer = await nameIssuer(client, `${mount}/issuer/${id}`, flags.issuer_name);
    return field === '' ? printSecret(ui, issuer) : printField(ui, issuer, field);
  },
});

interface Wanted {
  readonly mount: string;
  readonly type: string;
  readonly data: JsonObject;
}

async function makeRequest(client: Client, { mount, type, data }: Wanted): Promise<string> {
  const secret = await orFail(
    'Failed to Generate Intermediate CSR',
    client.write(`${mount}/intermediate/generate/${type}`, data),
    EXIT_FAILED,
  );
  return text(secret?.data?.['csr']);
}

async function sign(client: Client, parent: string, data: JsonObject): Promise<string> {
  const secret = await orFail(
    'Error Signing Intermediate',
    client.write(`${parent}/sign-intermediate`, data),
    EXIT_FAILED,
  );
  return text(secret?.data?.['certificate']);
}

interface Imported {
  readonly mount: string;
  readonly certificate: string;
  readonly parent: Issuer;
}

/** Those above come along, so that the new authority can show its whole chain. */
async function importIssuer(
  client: Client,
  { mount, certificate, parent }: Imported,
): Promise<string> {
  const path = `${mount}/issuers/import/cert`;
  const secret = await orFail(
    'Error Importing Into Intermediate',
    client.write(path, { pem_bundle: certificate }),
    EXIT_FAILED,
  );
  const above = { pem_bundle: parent.chain.join('\n') };
  await orFail('Error Importing Parent', client.write(path, above), EXIT_FAILED);
  const imported = texts(secret?.data?.['imported_issuers'])?.[0];
  const existing = texts(secret?.data?.['existing_issuers'])?.[0];
  const id = imported ?? existing;
  if (id === undefined) throw usageFailure('Error Importing Into Intermediate: no issuer imported');
  return id;
}

async function nameIssuer(client: Client, path: string, name: string): Promise<Secret> {
  const request = name === '' ? client.read(path) : client.patch(path, { issuer_name: name });
  const secret = await orFail('Error Writing Issuer Name', request, EXIT_FAILED);
  if (secret === undefined) throw usageFailure(`unable to find issuer at ${path}`);
  return secret;
}
