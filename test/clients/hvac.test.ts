// Vault's Python client drives a server from its initialisation to its sealing.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { readPending } from '#test/conformance/kit/lists.ts';
import { startServers } from '#test/conformance/kit/servers.ts';
import { Variables } from '#test/conformance/kit/variables.ts';
import { missingPython, preparedPython } from './python.ts';

const SESSION = path.join(import.meta.dirname, 'hvac_session.py');
const run = promisify(execFile);

const missing = readPending().tests['clients/hvac'] ?? (await missingPython());
const declare = missing === undefined ? test : test.skip;

declare(
  `hvac finds the server it expects${missing === undefined ? '' : ` (${missing})`}`,
  async (t) => {
    t.timeout(180_000, 'the packages are installed once');
    const python = await preparedPython();
    const spec = { mode: 'config', storage: 'file', init: false } as const;
    const servers = await startServers({
      command: ['bin/vault'],
      spec,
      variables: new Variables(),
    });
    t.teardown(async () => servers.stop());
    const audit = path.join(servers.folder, 'audit.log');
    const session = await run(python, [SESSION, servers.address(0), audit]).catch(asOutput);
    t.log(session.stdout);
    t.is(session.stderr, '');
    t.regex(session.stdout, /passed: seal\n$/);
  },
);

function asOutput(error: unknown): { readonly stdout: string; readonly stderr: string } {
  return error as { stdout: string; stderr: string }; // execFile adds both to its errors
}
