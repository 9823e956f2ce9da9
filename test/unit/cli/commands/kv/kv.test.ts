import test from 'ava';
import { data, NOTHING, refused, vault, type Answers } from '../../support/command-line.ts';

const CREATED = '2024-01-02T03:04:05.678Z';
const METADATA = {
  created_time: CREATED,
  custom_metadata: null,
  deletion_time: '',
  destroyed: false,
  version: 2,
};
const METADATA_TABLE = `======= Metadata =======
Key                Value
---                -----
created_time       ${CREATED}
custom_metadata    <nil>
deletion_time      n/a
destroyed          false
version            2
`;

/** Mounts `docs/` and `team/a/` of version 2 and `flat/` of version 1. */
const mounts = (...paths: readonly string[]): Answers =>
  Object.fromEntries(
    paths.map((path) => {
      const mount = ['team/a/', 'docs/', 'flat/'].find((known) => `${path}/`.startsWith(known));
      const options = mount === 'flat/' ? null : { version: '2' };
      return [`GET sys/internal/ui/mounts/${path}`, data({ path: mount, type: 'kv', options })];
    }),
  );

test('get shows path, metadata and data', async (t) => {
  const { stdout, exit } = await vault(['kv', 'get', '-mount=docs', 'app/db'], {
    answers: {
      ...mounts('docs'),
      'GET docs/data/app/db': data({ data: { user: 'ann', pass: 'x' }, metadata: METADATA }),
    },
  });
  t.is(exit, 0);
  t.is(
    stdout,
    `== Secret Path ==\ndocs/data/app/db\n\n${METADATA_TABLE}\n==== Data ====\nKey     Value\n---     -----\npass    x\nuser    ann\n`,
  );
});

const PLACES: readonly (readonly [readonly string[], string, string])[] = [
  [['docs/a'], 'docs/a', 'docs/data/a'],
  [['docs/data/a'], 'docs/data/a', 'docs/data/data/a'],
  [['-mount=docs/', 'a'], 'docs', 'docs/data/a'],
  [['-mount=docs', '/a/'], 'docs', 'docs/data/a'],
  [['-mount=team/a', 'key'], 'team/a', 'team/a/data/key'],
  [['team/a/key'], 'team/a/key', 'team/a/data/key'],
  [['flat/a'], 'flat/a', 'flat/a'],
  [['-mount=flat', 'a'], 'flat', 'flat/a'],
  [['-mount=docs', 'docs/a'], 'docs', 'docs/data/docs/a'],
];
for (const [args, asked, path] of PLACES) {
  test(`get ${args.join(' ')} reads ${path}`, async (t) => {
    const value = path.startsWith('flat') ? { x: '1' } : { data: { x: '1' }, metadata: METADATA };
    const { stdout, stderr } = await vault(['kv', 'get', '-field=x', ...args], {
      answers: { ...mounts(asked), [`GET ${path}`]: data(value) },
    });
    t.is(stdout, '1', stderr);
  });
}

test('get of version 1 shows the data alone', async (t) => {
  const { stdout } = await vault(['kv', 'get', 'flat/a'], {
    answers: { ...mounts('flat/a'), 'GET flat/a': data({ user: 'ann' }) },
  });
  t.is(stdout, '==== Data ====\nKey     Value\n---     -----\nuser    ann\n');
});

test('get of a deleted version shows its metadata and succeeds', async (t) => {
  const { stdout, exit } = await vault(['kv', 'get', '-mount=docs', 'a'], {
    answers: {
      ...mounts('docs'),
      'GET docs/data/a': { status: 404, ...data({ data: null, metadata: METADATA }) },
    },
  });
  t.is(exit, 0);
  t.is(stdout, `== Secret Path ==\ndocs/data/a\n\n${METADATA_TABLE}\n`);
});

test('get of nothing fails', async (t) => {
  const { stdout, stderr, exit } = await vault(['kv', 'get', '-mount=docs', 'a'], {
    answers: mounts('docs'),
  });
  t.deepEqual([stdout, stderr, exit], ['', 'No value found at docs/data/a\n', 2]);
});

const VERSION = {
  'GET docs/data/a': data({ data: { x: '1', nil: null, m: { y: 1 } }, metadata: METADATA }),
};
const FIELDS: readonly (readonly [readonly string[], string, number])[] = [
  [['-field=x'], '1', 0],
  [['-field=m'], 'map[y:1]', 0],
  [['-field=m', '-format=json'], '{\n  "y": 1\n}', 0],
  [
    ['-field=data', '-format=json'],
    '{\n  "m": {\n    "y": 1\n  },\n  "nil": null,\n  "x": "1"\n}',
    0,
  ],
  [['-field=nil'], '', 1],
  [['-field=none'], '', 1],
  [['-field=constructor'], '', 1],
];
for (const [flags, expected, code] of FIELDS) {
  test(`get ${flags.join(' ')}`, async (t) => {
    const { stdout, stderr, exit } = await vault(['kv', 'get', ...flags, '-mount=docs', 'a'], {
      answers: { ...mounts('docs'), ...VERSION },
    });
    t.deepEqual([stdout, exit], [expected, code]);
    t.is(
      stderr,
      code === 0 ? '' : `Field "${flags[0]?.slice('-field='.length)}" not present in secret\n`,
    );
  });
}

test('-version asks for a version', async (t) => {
  const { stdout } = await vault(['kv', 'get', '-version=1', '-field=x', '-mount=docs', 'a'], {
    answers: { ...mounts('docs'), 'GET docs/data/a?version=1': VERSION['GET docs/data/a'] },
  });
  t.is(stdout, '1');
});

test('the question for the mount is not wrapped, the secret is', async (t) => {
  const wrapInfo = {
    token: 'hvs.w',
    accessor: 'acc',
    ttl: 120,
    creation_time: CREATED,
    creation_path: 'docs/data/a',
  };
  const { stdout, asked } = await vault(['kv', 'get', '-wrap-ttl=2m', '-mount=docs', 'a'], {
    answers: {
      ...mounts('docs'),
      'GET docs/data/a': data(null, { request_id: '', wrap_info: wrapInfo }),
    },
  });
  t.deepEqual(
    asked.map(({ headers }) => headers['x-vault-wrap-ttl']),
    [undefined, '120s'],
  );
  t.is(
    stdout,
    `Key                              Value
---                              -----
wrapping_token:                  hvs.w
wrapping_accessor:               acc
wrapping_token_ttl:              2m
wrapping_token_creation_time:    2024-01-02 03:04:05.678 +0000 UTC
wrapping_token_creation_path:    docs/data/a
`,
  );
});

test('a mount that may not be seen is told in the words of the server', async (t) => {
  const why =
    'preflight capability check returned 403, please ensure client\'s policies grant access to path "docs/"';
  const { stderr, exit, address } = await vault(['kv', 'get', '-mount=docs', 'a'], {
    answers: { 'GET sys/internal/ui/mounts/docs': refused(403, why) },
  });
  t.is(exit, 2);
  t.is(
    stderr,
    `Error making API request.\n\nURL: GET ${address}/v1/sys/internal/ui/mounts/docs\nCode: 403. Errors:\n\n* ${why}\n`,
  );
});

test('put writes data and options, and shows the new version', async (t) => {
  const { stdout, asked } = await vault(['kv', 'put', '-cas=0', '-mount=docs', 'größe/ä', 'x=1'], {
    answers: { ...mounts('docs'), 'PUT docs/data/gr%C3%B6%C3%9Fe/%C3%A4': data(METADATA) },
  });
  t.deepEqual(asked[1]?.body, { data: { x: '1' }, options: { cas: 0 } });
  t.is(stdout, `==== Secret Path ====\ndocs/data/größe/ä\n\n${METADATA_TABLE}`);
});

test('put without -cas checks nothing; version 1 gets the data alone', async (t) => {
  const second = await vault(['kv', 'put', '-field=version', 'docs/a', 'x=1'], {
    answers: { ...mounts('docs/a'), 'PUT docs/data/a': data(METADATA) },
  });
  t.deepEqual([second.stdout, second.asked[1]?.body], ['2', { data: { x: '1' }, options: {} }]);
  const first = await vault(['kv', 'put', 'flat/a', 'x=1'], {
    answers: { ...mounts('flat/a'), 'PUT flat/a': NOTHING },
  });
  t.deepEqual(
    [first.stdout, first.asked[1]?.body],
    ['Success! Data written to: flat/a\n', { x: '1' }],
  );
});

const REFUSED: readonly (readonly [readonly string[], string, number])[] = [
  [['put'], 'Not enough arguments (expected >1, got 0)', 1],
  [['put', '-mount=docs', 'a'], 'Must supply data', 1],
  [
    ['put', '-mount=docs', 'a', 'word'],
    'Failed to parse K=V data: invalid key/value pair "word": format must be key=value',
    1,
  ],
  [['get'], 'Not enough arguments (expected 1, got 0)', 1],
  [['get', 'a', 'b'], 'Too many arguments (expected 1, got 2)', 1],
  [['patch', '-mount=docs', 'a'], 'Must supply data', 1],
  [['patch', 'flat/a', 'x=1'], 'K/V engine mount must be version 2 for patch support', 2],
  [
    ['patch', '-method=x', '-mount=docs', 'a', 'x=1'],
    'Unsupported method provided to -method flag: x',
    2,
  ],
  [['list'], 'Not enough arguments (expected 1, got 0)', 1],
  [['metadata', 'get'], 'Not enough arguments (expected 1, got 0)', 1],
  [['metadata', 'get', 'flat/a'], 'Metadata not supported on KV Version 1', 1],
  [['undelete', '-versions=1', 'flat/a'], 'Undelete not supported on KV Version 1', 1],
  [['destroy', '-versions=1', 'flat/a'], 'Destroy not supported on KV Version 1', 1],
  [
    ['undelete', '-mount=docs', 'a'],
    'No versions provided, use the "-versions" flag to specify the version to undelete.',
    1,
  ],
  [
    ['destroy', '-mount=docs', 'a'],
    'No versions provided, use the "-versions" flag to specify the version to destroy.',
    1,
  ],
  [['rollback', '-mount=docs', 'a'], 'Version flag must be specified', 1],
  [['rollback', '-mount=docs', '-version=0', 'a'], 'Invalid value 0 for the version flag', 1],
  [
    ['rollback', '-version=1', 'flat/a'],
    'K/V engine mount must be version 2 for rollback support',
    2,
  ],
];
for (const [args, message, code] of REFUSED) {
  test(`kv ${args.join(' ')} is refused`, async (t) => {
    const { stdout, stderr, exit } = await vault(['kv', ...args], {
      answers: mounts('docs', 'flat/a'),
    });
    t.deepEqual([stdout, stderr, exit], ['', `${message}\n`, code]);
  });
}

test('patch merges on the server', async (t) => {
  const { stdout, asked } = await vault(
    ['kv', 'patch', '-mount=docs', '-remove-data=y', '-cas=2', 'a', 'x=1'],
    {
      answers: { ...mounts('docs'), 'PATCH docs/data/a': data(METADATA) },
    },
  );
  t.is(asked[1]?.headers['content-type'], 'application/merge-patch+json');
  t.deepEqual(asked[1]?.body, { data: { x: '1', y: null }, options: { cas: 2 } });
  t.is(stdout, `== Secret Path ==\ndocs/data/a\n\n${METADATA_TABLE}`);
});

test('patch without the right reads and writes, and says so', async (t) => {
  const { stderr, exit, asked } = await vault(['kv', 'patch', '-mount=docs', 'a', 'x=2', 'z=3'], {
    answers: {
      ...mounts('docs'),
      'PATCH docs/data/a': refused(403, 'permission denied'),
      'GET docs/data/a': VERSION['GET docs/data/a'],
      'PUT docs/data/a': data(METADATA),
    },
  });
  t.is(exit, 0);
  t.deepEqual(asked.at(-1)?.body, {
    data: { x: '2', nil: null, m: { y: 1 }, z: '3' },
    options: { cas: 2 },
  });
  t.is(
    stderr,
    'Data was written to docs/data/a but we recommend that you add the "patch" capability to your ACL policy in order to use HTTP PATCH in the future.\n',
  );
});

test('patch -method=patch does not fall back', async (t) => {
  const { exit, asked } = await vault(['kv', 'patch', '-method=patch', '-mount=docs', 'a', 'x=2'], {
    answers: { ...mounts('docs'), 'PATCH docs/data/a': refused(403, 'permission denied') },
  });
  t.deepEqual([exit, asked.length], [2, 2]);
});

test('patch of nothing shows what the server said, which is nothing', async (t) => {
  const { stderr, exit, address } = await vault(['kv', 'patch', '-mount=docs', 'a', 'x=2'], {
    answers: { ...mounts('docs'), 'PATCH docs/data/a': { status: 404 } },
  });
  t.is(exit, 2);
  t.is(
    stderr.trimEnd(),
    `Error writing data to docs/data/a: Error making API request.\n\nURL: PATCH ${address}/v1/docs/data/a\nCode: 404. Raw Message:`,
  );
});

test('delete, undelete and destroy name their versions', async (t) => {
  const answers = {
    ...mounts('docs'),
    'DELETE docs/data/a': NOTHING,
    'PUT docs/delete/a': NOTHING,
    'PUT docs/undelete/a': NOTHING,
    'PUT docs/destroy/a': NOTHING,
  };
  const newest = await vault(['kv', 'delete', '-mount=docs', 'a'], { answers });
  t.is(newest.stdout, 'Success! Data deleted (if it existed) at: docs/data/a\n');
  const named = await vault(['kv', 'delete', '-mount=docs', '-versions=1,2', '-versions=3', 'a'], {
    answers,
  });
  t.is(named.stdout, 'Success! Data deleted (if it existed) at: docs/data/a\n');
  t.deepEqual(
    [named.asked[1]?.path, named.asked[1]?.body],
    ['docs/delete/a', { versions: ['1', '2', '3'] }],
  );
  const back = await vault(['kv', 'undelete', '-mount=docs', '-versions=1', 'a'], { answers });
  t.is(back.stdout, 'Success! Data written to: docs/undelete/a\n');
  const gone = await vault(['kv', 'destroy', '-mount=docs', '-versions=1', 'a'], { answers });
  t.is(gone.stdout, 'Success! Data written to: docs/destroy/a\n');
});

test('list asks below metadata; a mount needs no path', async (t) => {
  const answers = { ...mounts('docs'), 'GET docs/metadata?list=true': data({ keys: ['b', 'a/'] }) };
  const expected = 'Keys\n----\na/\nb\n';
  t.is((await vault(['kv', 'list', 'docs/'], { answers })).stdout, expected);
  t.is((await vault(['kv', 'list', '-mount=docs'], { answers })).stdout, expected);
});

test('list of nothing fails, and is an empty object to programs', async (t) => {
  const table = await vault(['kv', 'list', '-mount=docs', 'x'], { answers: mounts('docs') });
  t.deepEqual([table.stderr, table.exit], ['No value found at docs/metadata/x\n', 2]);
  const json = await vault(['kv', 'list', '-format=json', '-mount=docs', 'x'], {
    answers: mounts('docs'),
  });
  t.deepEqual([json.stdout, json.exit], ['{}\n', 2]);
});

test('rollback writes the old data over the version that it read', async (t) => {
  const { asked, stdout } = await vault(['kv', 'rollback', '-mount=docs', '-version=1', 'a'], {
    answers: {
      ...mounts('docs'),
      'GET docs/data/a': data({ data: { x: 'new' }, metadata: { ...METADATA, version: 7 } }),
      'GET docs/data/a?version=1': data({
        data: { x: 'old' },
        metadata: { ...METADATA, version: 1 },
      }),
      'PUT docs/data/a': data({ version: 8 }),
    },
  });
  t.deepEqual(asked.at(-1)?.body, { data: { x: 'old' }, options: { cas: 7 } });
  t.is(stdout, 'Key        Value\n---        -----\nversion    8\n');
});

for (const [state, why] of [
  [{ destroyed: true }, 'destroyed'],
  [{ deletion_time: CREATED }, 'deleted'],
] as const) {
  test(`rollback to a ${why} version is refused`, async (t) => {
    const { stderr, exit } = await vault(['kv', 'rollback', '-mount=docs', '-version=1', 'a'], {
      answers: {
        ...mounts('docs'),
        'GET docs/data/a': data({ data: { x: 'new' }, metadata: METADATA }),
        'GET docs/data/a?version=1': {
          status: 404,
          ...data({ data: null, metadata: { ...METADATA, ...state } }),
        },
      },
    });
    t.deepEqual([stderr, exit], [`Cannot roll back to a version that has been ${why}\n`, 2]);
  });
}

test('metadata get shows all versions in their order', async (t) => {
  const version = { created_time: CREATED, deletion_time: '', destroyed: false };
  const { stdout } = await vault(['kv', 'metadata', 'get', 'docs/app/db'], {
    answers: {
      ...mounts('docs/app/db'),
      'GET docs/metadata/app/db': data({ max_versions: 2, versions: { 10: version, 9: version } }),
    },
  });
  const rows = `Key              Value\n---              -----\ncreated_time     ${CREATED}\ndeletion_time    n/a\ndestroyed        false\n`;
  t.is(
    stdout,
    `=== Metadata Path ===\ndocs/metadata/app/db\n\n====== Metadata ======\nKey             Value\n---             -----\nmax_versions    2\n\n====== Version 9 ======\n${rows}\n===== Version 10 =====\n${rows}`,
  );
});

test('metadata put and patch send what was typed', async (t) => {
  const put = await vault(
    [
      'kv',
      'metadata',
      'put',
      '-mount=docs',
      '-max-versions=0',
      '-cas-required=false',
      '-delete-version-after=90m',
      '-custom-metadata=a=b',
      'x',
    ],
    { answers: { ...mounts('docs'), 'PUT docs/metadata/x': NOTHING } },
  );
  t.deepEqual(put.asked[1]?.body, {
    max_versions: 0,
    cas_required: false,
    delete_version_after: '1h30m0s',
    custom_metadata: { a: 'b' },
  });
  t.is(put.stdout, 'Success! Data written to: docs/metadata/x\n');
  const patch = await vault(
    [
      'kv',
      'metadata',
      'patch',
      '-mount=docs',
      '-custom-metadata=a=c',
      '-remove-custom-metadata=d',
      'x',
    ],
    {
      answers: { ...mounts('docs'), 'PATCH docs/metadata/x': NOTHING },
    },
  );
  t.deepEqual(patch.asked[1]?.body, { custom_metadata: { a: 'c', d: null } });
});

test('metadata delete and enable-versioning', async (t) => {
  const gone = await vault(['kv', 'metadata', 'delete', '-mount=docs', 'x'], {
    answers: { ...mounts('docs'), 'DELETE docs/metadata/x': NOTHING },
  });
  t.is(gone.stdout, 'Success! Data deleted (if it existed) at: docs/metadata/x\n');
  const tuned = await vault(['kv', 'enable-versioning', 'flat'], {
    answers: { 'POST sys/mounts/flat/tune': NOTHING },
  });
  t.is(tuned.stdout, 'Success! Tuned the secrets engine at: flat/\n');
  t.deepEqual(tuned.asked[0]?.body, { options: { version: '2' } });
});
