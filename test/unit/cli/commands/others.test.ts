import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDecipheriv, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import test from 'ava';
import { data, NOTHING, refused, vault } from '../support/command-line.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

test('write says where, to people', async (t) => {
  const answers = { 'PUT cubbyhole/a': NOTHING };
  t.is(
    (await vault(['write', '/cubbyhole/a/', 'b=1'], { answers })).stdout,
    'Success! Data written to: cubbyhole/a\n',
  );
  t.is((await vault(['write', '-format=json', 'cubbyhole/a', 'b=1'], { answers })).stdout, '');
});

test('write -f needs no data', async (t) => {
  const { asked } = await vault(['write', '-f', 'a/b'], { answers: { 'PUT a/b': NOTHING } });
  t.deepEqual(asked[0]?.body, {});
});

test('patch is a merge', async (t) => {
  const { asked } = await vault(['patch', 'a/b', 'c=d'], { answers: { 'PATCH a/b': NOTHING } });
  t.is(asked[0]?.headers['content-type'], 'application/merge-patch+json');
});

test('delete says so, also where nothing was', async (t) => {
  const { stdout, exit } = await vault(['delete', 'a/b'], { answers: { 'DELETE a/b': NOTHING } });
  t.deepEqual([stdout, exit], ['Success! Data deleted (if it existed) at: a/b\n', 0]);
});

test('read puts pairs into the URL', async (t) => {
  const { stdout } = await vault(['read', '-field=x', 'a', 'k=1', 'k=2'], {
    answers: { 'GET a?k=1&k=2': data({ x: 'y' }) },
  });
  t.is(stdout, 'y');
});

test('read shows the lease before the data', async (t) => {
  const { stdout } = await vault(['read', 'db/creds/app'], {
    answers: {
      'GET db/creds/app': data(
        { username: 'u' },
        { lease_id: 'db/creds/app/1', lease_duration: 3600, renewable: true },
      ),
    },
  });
  t.is(
    stdout,
    'Key                Value\n---                -----\nlease_id           db/creds/app/1\nlease_duration     1h\nlease_renewable    true\nusername           u\n',
  );
});

test('what has a duration but no lease is to be refreshed', async (t) => {
  const { stdout } = await vault(['read', 'kv/a'], {
    answers: { 'GET kv/a': data({ x: '1' }, { lease_duration: 2764800 }) },
  });
  t.is(
    stdout,
    'Key                 Value\n---                 -----\nrefresh_interval    768h\nx                   1\n',
  );
});

test('warnings without data succeed', async (t) => {
  const { stdout, stderr, exit } = await vault(['read', 'a'], {
    answers: { 'GET a': { status: 404, ...data(null, { warnings: ['beware'] }) } },
  });
  t.deepEqual(
    [stdout, stderr, exit],
    ['', 'WARNING! The following warnings were returned from Vault:\n\n  * beware\n\n', 0],
  );
});

test('list -detailed has a column for each thing known', async (t) => {
  const keyInfo = { a: { name: 'one', size: 1 }, b: { name: 'two' } };
  const answers = { 'GET x?list=true': data({ keys: ['b', 'a'], key_info: keyInfo }) };
  t.is(
    (await vault(['list', '-detailed', 'x'], { answers })).stdout,
    'Keys    name    size\n----    ----    ----\na       one     1\nb       two     n/a\n',
  );
  t.like(
    JSON.parse((await vault(['list', '-detailed', '-format=json', 'x'], { answers })).stdout),
    { data: { key_info: keyInfo } },
  );
  t.is((await vault(['list', '-format=json', 'x'], { answers })).stdout, '[\n  "b",\n  "a"\n]\n');
});

const REFUSED: readonly (readonly [readonly string[], string, number])[] = [
  [['read'], 'Not enough arguments (expected 1, got 0)', 1],
  [['write'], 'Not enough arguments (expected 1, got 0)', 1],
  [['write', 'a'], 'Must supply data or use -force', 1],
  [['patch', 'a'], 'Must supply data or use -force', 1],
  [['list', 'a', 'b'], 'Too many arguments (expected 1, got 2)', 1],
  [['delete'], 'Not enough arguments (expected at least 1, got 0)', 1],
  [['unwrap', 'a', 'b'], 'Too many arguments (expected 0-1, got 2)', 1],
  [['path-help'], 'Not enough arguments (expected 1, got 0)', 1],
  [['read', 'nowhere'], 'No value found at nowhere', 2],
  [['list', 'nowhere'], 'No value found at nowhere', 2],
  [
    ['audit', 'enable'],
    "Error enabling audit device: audit type missing. Valid types include 'file', 'socket' and 'syslog'.",
    1,
  ],
  [['audit', 'disable'], 'Not enough arguments (expected 1, got 0)', 1],
  [['lease', 'revoke'], 'Not enough arguments (expected 1, got 0)', 1],
  [['lease', 'revoke', '-force', 'a'], 'Specifying -force requires also specifying -prefix', 1],
  [['policy', 'read', 'none'], 'No policy named: none', 2],
  [['policy', 'write', 'a'], 'Not enough arguments (expected 2, got 1)', 1],
  [
    ['policy', 'write', 'a', '/no/such.hcl'],
    'Error opening policy file: open /no/such.hcl: no such file or directory',
    2,
  ],
  [
    ['plugin', 'list', 'nothing'],
    'Error parsing type: "nothing" is not a supported plugin type',
    2,
  ],
  [['plugin', 'list'], 'Error listing available plugins: data from server response is empty', 2],
  [['plugin', 'reload'], 'Must specify exactly one of -plugin or -mounts', 2],
  [['transit', 'import', 'transit/keys/a'], 'Incorrect argument count (expected 2+, got 1)', 1],
  [
    ['transit', 'import', 'transit/a', 'a2V5'],
    'expected transit path and key name in the form :path:/keys/:name:',
    1,
  ],
  [
    ['transit', 'import', 'transit/keys/a', '%'],
    'error base64 decoding source key: illegal base64 data',
    1,
  ],
  [
    ['pki', 'list-intermediates'],
    'Not enough arguments (expected potential parent, got nothing)',
    1,
  ],
  [
    ['policy', 'fmt', '/no/such.hcl'],
    'Error formatting policy file: open /no/such.hcl: no such file or directory',
    1,
  ],
];
for (const [argv, message, code] of REFUSED) {
  test(`${argv.join(' ')} is refused`, async (t) => {
    const { exit, stderr, stdout } = await vault(argv);
    t.deepEqual([exit, stderr, stdout], [code, `${message}\n`, '']);
  });
}

test('unwrap sends the token that wraps, unless it is the one in use', async (t) => {
  const answers = { 'PUT sys/wrapping/unwrap': data({ x: '1' }) };
  t.deepEqual((await vault(['unwrap', 'hvs.w'], { answers })).asked[0]?.body, { token: 'hvs.w' });
  t.deepEqual((await vault(['unwrap'], { answers })).asked[0]?.body, {});
  const alone = await vault(['unwrap', 'hvs.w'], { answers, environment: { VAULT_TOKEN: '' } });
  t.deepEqual([alone.asked[0]?.body, alone.asked[0]?.headers['x-vault-token']], [{}, 'hvs.w']);
});

test('a wrapped list is shown as a list', async (t) => {
  const { stdout } = await vault(['unwrap'], {
    answers: { 'PUT sys/wrapping/unwrap': data({ keys: ['a'] }) },
  });
  t.is(stdout, 'Keys\n----\na\n');
});

test('path-help shows the text', async (t) => {
  const { stdout } = await vault(['path-help', 'sys/mounts'], {
    answers: { 'GET sys/mounts?help=1': { body: { help: '## DESCRIPTION', see_also: null } } },
  });
  t.is(stdout, '## DESCRIPTION\n');
});

test('policies are listed, read, written and deleted', async (t) => {
  const rules = 'path "a" {}\n';
  const answers = {
    'GET sys/policies/acl?list=true': data({ keys: ['default', 'root'] }),
    'GET sys/policies/acl/dev': data({ name: 'dev', policy: rules }),
    'PUT sys/policies/acl/dev': NOTHING,
    'DELETE sys/policies/acl/dev': NOTHING,
  };
  t.is((await vault(['policy', 'list'], { answers })).stdout, 'default\nroot\n');
  t.is(
    (await vault(['policy', 'list', '-format=json'], { answers })).stdout,
    '[\n  "default",\n  "root"\n]\n',
  );
  t.is((await vault(['policy', 'read', 'Dev'], { answers })).stdout, 'path "a" {}\n');
  const write = await vault(['policy', 'write', 'dev', '-'], { answers, stdin: rules });
  t.deepEqual(
    [write.stdout, write.asked[0]?.body],
    ['Success! Uploaded policy: dev\n', { policy: rules }],
  );
  t.is(
    (await vault(['policy', 'delete', 'dev'], { answers })).stdout,
    'Success! Deleted policy: dev\n',
  );
});

test('policy fmt changes the file, below the home folder too', async (t) => {
  const home = temporaryFolder(t);
  writeFileSync(join(home, 'a.hcl'), 'path "a" { capabilities=["read"] }');
  const { stdout } = await vault(['policy', 'fmt', '~/a.hcl'], { home });
  t.is(stdout, `Success! Formatted policy: ${join(home, 'a.hcl')}\n`);
  t.is(readFileSync(join(home, 'a.hcl'), 'utf8'), 'path "a" { capabilities = ["read"] }\n');
});

test('audit devices', async (t) => {
  const device = {
    type: 'file',
    description: '',
    options: { file_path: '/a', log_raw: 'true' },
    local: false,
    path: 'file/',
  };
  const answers = {
    'PUT sys/audit/raw': NOTHING,
    'DELETE sys/audit/raw': NOTHING,
    'GET sys/audit': data({ 'file/': device }),
  };
  const enable = await vault(
    ['audit', 'enable', '-path=raw', '-description=d', 'file', 'file_path=/a', 'log_raw=true'],
    { answers },
  );
  t.is(enable.stdout, 'Success! Enabled the file audit device at: raw/\n');
  t.deepEqual(enable.asked[0]?.body, {
    type: 'file',
    description: 'd',
    options: { file_path: '/a', log_raw: 'true' },
    local: false,
  });
  t.is(
    (await vault(['audit', 'disable', 'raw'], { answers })).stdout,
    'Success! Disabled audit device (if it was enabled) at: raw/\n',
  );
  t.is(
    (await vault(['audit', 'list'], { answers })).stdout,
    'Path     Type    Description\n----     ----    -----------\nfile/    file    n/a\n',
  );
  t.regex(
    (await vault(['audit', 'list', '-detailed'], { answers })).stdout,
    /\nfile\/ +file +n\/a +replicated +file_path=\/a log_raw=true\n$/,
  );
});

test('no audit device is told on standard output, by an exit code', async (t) => {
  const { stdout, stderr, exit } = await vault(['audit', 'list'], {
    answers: { 'GET sys/audit': data({}) },
  });
  t.deepEqual([stdout, stderr, exit], ['No audit devices are enabled.\n', '', 2]);
});

const LEASES: readonly (readonly [readonly string[], string, unknown, string])[] = [
  [
    ['revoke', 'x/y'],
    'PUT sys/leases/revoke/x/y',
    { sync: false },
    'All revocation operations queued successfully!\n',
  ],
  [
    ['revoke', '-sync', 'x/y'],
    'PUT sys/leases/revoke/x/y',
    { sync: true },
    'Success! Revoked lease: x/y\n',
  ],
  [
    ['revoke', '-prefix', 'x'],
    'PUT sys/leases/revoke-prefix/x',
    { sync: false },
    'All revocation operations queued successfully!\n',
  ],
  [
    ['revoke', '-sync', '-prefix', 'x'],
    'PUT sys/leases/revoke-prefix/x',
    { sync: true },
    'Success! Revoked any leases with prefix: x\n',
  ],
  [
    ['revoke', '-force', '-prefix', 'x'],
    'PUT sys/leases/revoke-force/x',
    undefined,
    'Success! Force revoked any leases with prefix: x\n',
  ],
];
for (const [args, request, body, expected] of LEASES) {
  test(`lease ${args.join(' ')}`, async (t) => {
    const { stdout, asked, exit } = await vault(['lease', ...args], {
      answers: { [request]: NOTHING },
    });
    t.deepEqual([stdout, asked[0]?.body, exit], [expected, body, 0]);
  });
}

test('lease renew and lookup', async (t) => {
  const renew = await vault(['lease', 'renew', '-increment=600', 'x/y'], {
    answers: {
      'PUT sys/leases/renew': data(null, { lease_id: 'x/y', lease_duration: 600, renewable: true }),
    },
  });
  t.deepEqual(renew.asked[0]?.body, { increment: 600, lease_id: 'x/y' });
  t.is(
    renew.stdout,
    'Key                Value\n---                -----\nlease_id           x/y\nlease_duration     10m\nlease_renewable    true\n',
  );
  const lookup = await vault(['lease', 'lookup', 'x/y'], {
    answers: { 'PUT sys/leases/lookup': refused(400, 'invalid lease') },
  });
  t.regex(lookup.stderr, /^error looking up lease id x\/y: Error making API request/);
});

test('plugins', async (t) => {
  const detailed = [
    { name: 'kv', type: 'secret', version: 'v0.1', builtin: true, deprecation_status: 'supported' },
    { name: 'userpass', type: 'auth', version: 'v0.2', builtin: true },
  ];
  const answers = {
    'GET sys/plugins/catalog': data({ detailed }),
    'GET sys/plugins/catalog/secret/kv': data({
      args: [],
      builtin: true,
      command: '',
      deprecation_status: 'supported',
      name: 'kv',
      sha256: '',
      version: 'v0.1',
    }),
    'PUT sys/plugins/catalog/secret/mine': NOTHING,
    'DELETE sys/plugins/catalog/secret/mine': NOTHING,
    'PUT sys/plugins/reload/backend': NOTHING,
  };
  t.is(
    (await vault(['plugin', 'list'], { answers })).stdout,
    'Name        Type      Version\n----        ----      -------\nkv          secret    v0.1\nuserpass    auth      v0.2\n',
  );
  t.regex(
    (await vault(['plugin', 'list', '-detailed', 'secret'], { answers })).stdout,
    /^Name +Type +Version +Container +Deprecation Status\n.*\nkv +secret +v0\.1 +false +supported\n$/,
  );
  t.regex(
    (await vault(['plugin', 'info', 'secret', 'kv'], { answers })).stdout,
    /\nargs +\[\]\nbuiltin +true\ncommand +n\/a\ndeprecation_status +supported\nname +kv\n/,
  );
  t.is((await vault(['plugin', 'info', '-field=name', 'secret', 'kv'], { answers })).stdout, 'kv');
  const register = await vault(['plugin', 'register', '-sha256=00', '-args=a', 'secret', 'mine'], {
    answers,
  });
  t.is(register.stdout, 'Success! Registered plugin: mine\n');
  t.like(register.asked[0]?.body, { type: 'secret', command: 'mine', sha256: '00', args: ['a'] });
  t.is(
    (await vault(['plugin', 'deregister', 'secret', 'mine'], { answers })).stdout,
    'Success! Deregistered plugin (if it was registered): mine\n',
  );
  t.is(
    (await vault(['plugin', 'reload', '-plugin=kv'], { answers })).stdout,
    'Success! Reloaded plugin: kv\n',
  );
});

test('namespaces', async (t) => {
  const answers = {
    'GET sys/namespaces?list=true': data({ keys: ['a/'] }),
    'PUT sys/namespaces/a': data({ id: 'i', path: 'a/' }),
    'DELETE sys/namespaces/a': NOTHING,
  };
  t.is((await vault(['namespace', 'list'], { answers })).stdout, 'Keys\n----\na/\n');
  t.is((await vault(['namespace', 'create', '-field=id', 'a/'], { answers })).stdout, 'i');
  t.is(
    (await vault(['namespace', 'delete', 'a'], { answers })).stdout,
    'Success! Namespace deleted at: a\n',
  );
  t.deepEqual(
    (await vault(['namespace', 'lookup', 'none'], { answers })).stderr,
    'Namespace not found\n',
  );
});

test('transit import wraps the key so that the wrapping key opens it', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const key = Buffer.from('a key of 32 bytes, nothing else!');
  const { stdout, asked, exit, stderr } = await vault(
    ['transit', 'import', 'transit/keys/mine', key.toString('base64'), 'type=aes256-gcm96'],
    {
      answers: {
        'GET transit/wrapping_key': data({ public_key: pem }),
        'PUT transit/keys/mine/import': NOTHING,
      },
    },
  );
  t.is(exit, 0, stderr);
  t.is(
    stdout,
    'Retrieving wrapping key.\nWrapping source key with ephemeral key.\nEncrypting ephemeral key with wrapping key.\nSubmitting wrapped key.\nSuccess!\n',
  );
  const body = asked[1]?.body as { ciphertext: string; type: string };
  t.is(body.type, 'aes256-gcm96');
  const bytes = Buffer.from(body.ciphertext, 'base64');
  const ephemeral = privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, bytes.subarray(0, 256));
  const decipher = createDecipheriv(
    'id-aes256-wrap-pad',
    ephemeral,
    Buffer.from('A65959A6', 'hex'),
  );
  t.deepEqual(Buffer.concat([decipher.update(bytes.subarray(256)), decipher.final()]), key);
});

test('a key that cannot be imported is not repeated', async (t) => {
  const { stderr, exit } = await vault(
    ['transit', 'import-version', 'transit/keys/mine', 'c2VjcmV0'],
    { answers: {} },
  );
  t.is(exit, 2);
  t.false(stderr.includes('c2VjcmV0'));
});
