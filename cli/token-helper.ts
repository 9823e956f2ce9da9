// The token helper: the file that keeps the token of the last login for the next command.
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, serverFailure } from './failure.ts';
import type { Host } from './host.ts';

/** Only the user may read a token. */
const MODE = 0o600;

const fileOf = (host: Host): string => join(host.home, '.vault-token');

/** The token of the environment, else the one that was kept, else ''. */
export function readToken(host: Host): string {
  const variable = host.environment['VAULT_TOKEN'] ?? '';
  if (variable !== '') return variable;
  try {
    return readFileSync(fileOf(host), 'utf8').trim();
  } catch (error) {
    if (isMissing(error)) return '';
    throw serverFailure(`failed to get token: ${messageOf(error)}`);
  }
}

/** Replaces the file in one step: a reader sees the old token or the new one. */
export function storeToken(host: Host, token: string): void {
  const file = fileOf(host);
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, token, { mode: MODE, flag: 'wx' });
    chmodSync(draft, MODE); // whatever the umask made of it
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
