// Issuers of pki mounts, read by their paths.
import type { Client } from '../../client/client.ts';
import { object, text, texts } from '../../client/secret.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { sortedKeys } from '../../format/go.ts';
import { sanitizePath } from '../../input/arguments.ts';

export interface Issuer {
  readonly id: string;
  readonly name: string;
  readonly certificate: string;
  /** Itself first, then those above it. */
  readonly chain: readonly string[];
}

const EXIT_FAILED = 1;

export async function readIssuer(client: Client, typed: string): Promise<Issuer> {
  const path = sanitizePath(typed);
  const secret = await orFail(`error reading ${path}`, client.read(path), EXIT_FAILED);
  const data = secret?.data ?? {};
  const certificate = text(data['certificate']);
  if (certificate === '') throw usageFailure(`unable to find certificate at ${path}`);
  return {
    id: text(data['issuer_id']),
    name: text(data['issuer_name']),
    certificate,
    chain: texts(data['ca_chain']) ?? [certificate],
  };
}

/** The paths of all issuers of a mount. */
export async function issuersOf(client: Client, mount: string): Promise<readonly string[]> {
  const path = sanitizePath(mount);
  const secret = await orFail(
    `error listing issuers of ${path}`,
    client.list(`${path}/issuers`),
    EXIT_FAILED,
  );
  return (texts(secret?.data?.['keys']) ?? []).map((id) => `${path}/issuer/${id}`);
}

/** The paths of all pki mounts that the token may see. */
export async function pkiMounts(client: Client): Promise<readonly string[]> {
  const mounts = await orFail(
    'error listing mounts',
    client.fetch('GET', 'sys/mounts'),
    EXIT_FAILED,
  );
  return sortedKeys(mounts).filter((path) => object(mounts[path])?.['type'] === 'pki');
}
