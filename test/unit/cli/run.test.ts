import test from 'ava';
import { data, vault } from './support/command-line.ts';

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

const GROUPS = [
  'audit',
  'auth',
  'kv',
  'kv metadata',
  'lease',
  'namespace',
  'operator',
  'operator raft',
  'operator raft snapshot',
  'operator raft autopilot',
  'pki',
  'plugin',
  'policy',
  'secrets',
  'token',
  'transit',
];
for (const group of GROUPS) {
  test(`${group} without a subcommand says on standard error what there is`, async (t) => {
    const { exit, stdout, stderr } = await vault(group.split(' '));
    t.is(exit, 1);
    t.is(stdout, '');
    t.is(firstLine(stderr), `Usage: vault ${group} <subcommand> [options] [args]`);
  });

  test(`${group} -help says the same on standard output`, async (t) => {
    const { exit, stdout, stderr } = await vault([...group.split(' '), '-help']);
    t.is(exit, 0);
    t.is(stderr, '');
    t.is(firstLine(stdout), `Usage: vault ${group} <subcommand> [options] [args]`);
  });
}

const USAGES = [
  'read [options] PATH',
  'write [options] PATH [DATA K=V...]',
  'list [options] PATH',
  'delete [options] PATH',
  'patch [options] PATH [DATA K=V...]',
  'login [options] [AUTH K=V...]',
  'unwrap [options] [TOKEN]',
  'path-help [options] PATH',
  'status [options]',
  'server [options]',
  'kv get [options] KEY',
  'kv put [options] KEY [DATA]',
  'kv patch [options] KEY [DATA]',
  'kv rollback [options] KEY',
  'kv metadata put [options] KEY',
  'secrets enable [options] TYPE',
  'secrets tune [options] PATH',
  'auth enable [options] TYPE',
  'auth tune [options] PATH',
  'policy write [options] NAME PATH',
  'token create [options]',
  'token capabilities [options] [TOKEN] PATH',
  'operator init [options]',
  'operator unseal [options] [KEY]',
  'operator rekey [options] [KEY]',
  'operator generate-root [options] [KEY]',
  'lease revoke [options] ID',
  'audit enable [options] TYPE [CONFIG K=V...]',
  'print token',
  'version',
];
for (const usage of USAGES) {
  test(`-help of ${usage}`, async (t) => {
    const words = usage.split(' ').filter((word) => /^[a-z-]+$/.test(word));
    const { exit, stdout } = await vault([...words, '-help']);
    t.is(exit, 0);
    t.is(firstLine(stdout), `Usage: vault ${usage}`);
  });
}

test('-h is asked anywhere before two dashes', async (t) => {
  t.is((await vault(['read', 'a', '-h'])).exit, 0);
  t.is(
    (await vault(['read', '--', '-h'], { answers: { 'GET -h': data({ x: 1 }) } })).stdout,
    'Key    Value\n---    -----\nx      1\n',
  );
});

test('the program says what it can do', async (t) => {
  const help = await vault(['-help']);
  t.is(help.exit, 0);
  t.true(help.stdout.startsWith('Usage: vault <command> [args]\n\nCommon commands:\n    read '));
});

for (const argv of [[], ['nothing'], ['constructor'], ['-nothing']]) {
  test(`${JSON.stringify(argv)} is no command: 127, on standard error`, async (t) => {
    const { exit, stdout, stderr } = await vault(argv);
    t.is(exit, 127);
    t.is(stdout, '');
    t.is(firstLine(stderr), 'Usage: vault <command> [args]');
  });
}

test('flags before the command are refused', async (t) => {
  const { exit, stderr } = await vault(['-address=http://x', 'status']);
  t.is(exit, 1);
  t.regex(stderr, /^Invalid flags before the subcommand/);
});

test('an unknown subcommand is no command of its group', async (t) => {
  t.is((await vault(['kv', 'nothing'])).exit, 1);
  t.is((await vault(['kv', 'toString'])).exit, 1);
});

for (const argv of [['version'], ['-version'], ['--version'], ['-v']]) {
  test(`${argv.join(' ')} tells the version`, async (t) => {
    const { exit, stdout } = await vault(argv);
    t.is(exit, 0);
    t.regex(stdout, /^Vault v\d+\.\d+\.\d+\n$/);
  });
}

test('an unknown flag is refused before anything is sent', async (t) => {
  const { exit, stderr, asked } = await vault(['read', '-nothing', 'a']);
  t.is(exit, 1);
  t.is(stderr, 'flag provided but not defined: -nothing\n');
  t.is(asked.length, 0);
});

const ANSWERS = { 'GET a': data({ x: 'y' }) };

test('an unknown format is refused, from the flag and from the environment', async (t) => {
  const flag = await vault(['read', '-format=xml', 'a']);
  t.deepEqual([flag.exit, flag.stderr], [1, 'Invalid output format: xml\n']);
  const variable = await vault(['read', 'a'], { environment: { VAULT_FORMAT: 'xml' } });
  t.deepEqual([variable.exit, variable.stderr], [1, 'Invalid output format: xml\n']);
});

test('the flag goes before VAULT_FORMAT, in both forms', async (t) => {
  const environment = { VAULT_FORMAT: 'json' };
  const json = await vault(['read', '-field=x', 'a'], { answers: ANSWERS, environment });
  t.is(json.stdout, '"y"');
  const table = await vault(['read', '-format=table', '-field=x', 'a'], {
    answers: ANSWERS,
    environment,
  });
  t.is(table.stdout, 'y');
  const words = await vault(['read', '-format', 'yaml', '-field', 'x', 'a'], {
    answers: ANSWERS,
    environment,
  });
  t.is(words.stdout, '"y"\n');
});

test('raw is the bytes of the answer, for read alone', async (t) => {
  const read = await vault(['read', '-format=raw', 'a'], {
    answers: { 'GET a': { raw: '{"b": 1}\n' } },
  });
  t.deepEqual([read.exit, read.stdout], [0, '{"b": 1}\n']);
  const status = await vault(['status', '-format=raw']);
  t.deepEqual(
    [status.exit, status.stderr],
    [1, 'This command does not support the -format=raw option.\n'],
  );
});

test('pretty is for what has a pretty form', async (t) => {
  const { exit, stderr } = await vault(['read', '-format=pretty', 'a'], { answers: ANSWERS });
  t.deepEqual(
    [exit, stderr],
    [1, 'Could not parse output: cannot use the pretty formatter for this type\n'],
  );
});

test('a flag behind the arguments is warned of', async (t) => {
  const { exit, stderr } = await vault(['read', 'a', '-field=name'], { answers: {} });
  t.is(exit, 2);
  t.is(
    stderr,
    'Command flags must be provided before positional arguments. The following arguments will not be parsed as flags: [-field=name]\nNo value found at a\n',
  );
});

test('a field ends without an end of line, unless a person reads it', async (t) => {
  t.is((await vault(['read', '-field=x', 'a'], { answers: ANSWERS })).stdout, 'y');
  t.is(
    (await vault(['read', '-field=x', 'a'], { answers: ANSWERS, isTerminal: true })).stdout,
    'y\n',
  );
});
