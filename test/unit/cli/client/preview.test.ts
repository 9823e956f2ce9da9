import test from 'ava';
import { data, TOKEN, vault } from '../support/command-line.ts';

test('-output-curl-string prints the request and sends nothing', async (t) => {
  const { stdout, exit, asked, address } = await vault([
    'read',
    '-output-curl-string',
    'cubbyhole/a',
  ]);
  t.is(
    stdout,
    `curl -H "X-Vault-Request: true" -H "X-Vault-Token: $(vault print token)" ${address}/v1/cubbyhole/a\n`,
  );
  t.is(exit, 0);
  t.is(asked.length, 0);
});

test('the curl command has method, quoted body and quoted query, and no token', async (t) => {
  const write = await vault(['write', '-output-curl-string', 'a', "b=it's"]);
  t.regex(
    write.stdout,
    /^curl -X PUT (-H "[^"]+" ){2}-d '\{"b":"it'"'"'s"\}' http:\/\/\S+\/v1\/a\n$/,
  );
  const list = await vault(['list', '-output-curl-string', 'a']);
  t.regex(list.stdout, /"http:\/\/\S+\/v1\/a\?list=true"\n$/);
  t.false((write.stdout + list.stdout).includes(TOKEN));
});

const POLICIES: readonly (readonly [readonly string[], string])[] = [
  [['read', 'cubbyhole/a'], 'path "cubbyhole/a" {\n  capabilities = ["read"]\n}\n'],
  [['list', 'a/b'], 'path "a/b" {\n  capabilities = ["list"]\n}\n'],
  [['write', 'a', 'b=1'], 'path "a" {\n  capabilities = ["create", "update"]\n}\n'],
  [['patch', 'a', 'b=1'], 'path "a" {\n  capabilities = ["patch"]\n}\n'],
  [['delete', 'a'], 'path "a" {\n  capabilities = ["delete"]\n}\n'],
  [['audit', 'list'], 'path "sys/audit" {\n  capabilities = ["read", "sudo"]\n}\n'],
  [
    ['operator', 'rotate'],
    'path "sys/rotate" {\n  capabilities = ["create", "update", "sudo"]\n}\n',
  ],
];
for (const [argv, expected] of POLICIES) {
  test(`-output-policy prints what ${argv.join(' ')} needs`, async (t) => {
    const { stdout, exit, asked } = await vault(withFlag(argv, '-output-policy'));
    t.is(stdout, expected);
    t.is(exit, 0);
    t.is(asked.length, 0);
  });
}

test('questions on the way are asked, so that the real request can be shown', async (t) => {
  const { stdout, asked } = await vault(['kv', 'get', '-output-policy', '-mount=docs', 'a'], {
    answers: {
      'GET sys/internal/ui/mounts/docs': data({ path: 'docs/', options: { version: '2' } }),
    },
  });
  t.is(stdout, 'path "docs/data/a" {\n  capabilities = ["read"]\n}\n');
  t.is(asked.length, 1);
});

/** The flag right behind the words of the command. */
const withFlag = (argv: readonly string[], flag: string): string[] =>
  argv.toSpliced(['audit', 'operator'].includes(argv[0] ?? '') ? 2 : 1, 0, flag);
