import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Host } from '#cli/host.ts';
import { readToken, storeToken } from '#cli/token-helper.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const host = (home: string, token?: string): Host => ({
  environment: token === undefined ? {} : { VAULT_TOKEN: token },
  home,
  isTerminal: false,
  stdout: () => undefined,
  stderr: () => undefined,
  readStdin: () => '',
  readHidden: () => Promise.reject(new Error('no terminal')),
  sleep: async () => undefined,
  now: () => 0,
});

test('without a file there is no token', (t) => {
  t.is(readToken(host(temporaryFolder(t))), '');
});

test('a stored token is read again', (t) => {
  const home = temporaryFolder(t);
  storeToken(host(home), 'hvs.one');
  t.is(readToken(host(home)), 'hvs.one');
  storeToken(host(home), 'hvs.two');
  t.is(readToken(host(home)), 'hvs.two');
});

test('only its owner may read the file, also where it was open before', (t) => {
  const home = temporaryFolder(t);
  const file = join(home, '.vault-token');
  writeFileSync(file, 'old');
  chmodSync(file, 0o644);
  storeToken(host(home), 'hvs.one');
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(readFileSync(file, 'utf8'), 'hvs.one');
  t.deepEqual(readdirSync(home), ['.vault-token']);
});

test('the environment goes before the file, unless it is empty', (t) => {
  const home = temporaryFolder(t);
  storeToken(host(home), 'hvs.file');
  t.is(readToken(host(home, 'hvs.variable')), 'hvs.variable');
  t.is(readToken(host(home, '')), 'hvs.file');
});
