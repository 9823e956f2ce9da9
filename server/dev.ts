// The server for development: in memory, one share, unsealed at once, a kv store at secret/, and everything said aloud.
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, type Config, type Surroundings } from './config.ts';
import type { ServerFlags } from './flags.ts';
import { makeEntry } from './mount/make-entry.ts';
import type { Node } from './node.ts';

/** The configuration of a server for development; files may add to it. */
export function devConfig(flags: ServerFlags, surroundings: Surroundings): Config {
  const text = `
    storage "inmem" {}
    listener "tcp" {
      address = ${JSON.stringify(flags.devListenAddress)}
      tls_disable = true
      telemetry { unauthenticated_metrics_access = true }
    }
    api_addr = ${JSON.stringify(`http://${flags.devListenAddress}`)}
    disable_mlock = true
    telemetry {}
    ui = true
  `;
  return parseConfig([{ name: 'dev', text }], surroundings);
}

/** Initialises and unseals. @returns what is to be printed */
export async function startDev(node: Node, flags: ServerFlags): Promise<string> {
  const secret = makeEntry({
    kind: 'secret',
    path: 'secret/',
    type: 'kv',
    description: 'key/value secret storage',
    options: { version: '2' },
  });
  const { shares, rootToken } = await node.initialise(
    { secret_shares: 1, secret_threshold: 1 },
    { rootTokenId: flags.devRootTokenId, mounts: flags.devNoKv ? [] : [secret] },
  );
  const [share = Buffer.alloc(0)] = shares;
  const unsealKey = share.toString('base64');
  await node.provideShare(share);
  if (!flags.devNoStoreToken) storeToken(rootToken);
  return banner(flags, unsealKey, rootToken);
}

/** Where the command looks for a token. */
function storeToken(token: string): void {
  writeFileSync(join(homedir(), '.vault-token'), token, { mode: 0o600 });
}

function banner(flags: ServerFlags, unsealKey: string, rootToken: string): string {
  return `WARNING! dev mode is enabled! In this mode, the server runs entirely in memory
and starts unsealed with a single unseal key. The root token is already
authenticated to the CLI, so you can immediately begin using it.

You may need to set the following environment variables:

    $ export VAULT_ADDR='http://${flags.devListenAddress}'

The unseal key and root token are displayed below in case you want to
seal/unseal the server or re-authenticate.

Unseal Key: ${unsealKey}
Root Token: ${rootToken}

Development mode should NOT be used in production installations!

`;
}
