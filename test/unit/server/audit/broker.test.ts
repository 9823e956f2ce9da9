import { mkdirSync, renameSync, rmSync } from 'node:fs';
import test from 'ava';
import { seconds } from '#sdk/duration.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import type { DeviceDraft } from '#server/audit/enabled.ts';
import { Salt } from '#server/audit/hash.ts';
import { AUDITED_HEADERS_KEY } from '#server/audit/headers.ts';
import { AuditBench, device } from '#test/helpers/audit.ts';
import { answered, authorized, denied, ROOT } from '#test/helpers/verdicts.ts';

const kinds = (lines: readonly { readonly type: string }[]) => lines.map(({ type }) => type);

test('without a device there is nothing to wait for', (t) => {
  const { broker } = new AuditBench(t);
  t.is(broker.request(authorized()), undefined);
  t.is(broker.response(answered(authorized())), undefined);
});

test('a request and its answer are two lines with one id, in order', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a'));
  const verdict = authorized();
  await bench.broker.request(verdict);
  t.deepEqual(kinds(bench.lines('a')), ['request']);
  await bench.broker.response(answered(verdict));
  t.deepEqual(kinds(bench.lines('a')), ['request', 'response']);
  const [first, second] = bench.lines('a');
  t.deepEqual(first?.request, second?.request);
});

test('the entries of one request stay in order among those of many', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a'));
  const ids = Array.from({ length: 200 }, (_, index) => `r-${index}`);
  await Promise.all(
    ids.map(async (id) => {
      const verdict = authorized({ arrived: { id } });
      await bench.broker.request(verdict);
      await bench.broker.response(answered(verdict));
    }),
  );
  const lines = bench.lines('a');
  for (const id of ids) {
    t.deepEqual(kinds(lines.filter(({ request }) => request['id'] === id)), [
      'request',
      'response',
    ]);
  }
});

test('devices that are stored before there is a broker are enabled', async (t) => {
  const stored = device('a', { file_path: 'discard' });
  const { broker } = new AuditBench(t, { devices: [stored] });
  await t.notThrowsAsync(broker.request(authorized()) ?? t.fail());
  t.is(broker.hash('a/', 'x'), new Salt(stored.salt).hash('x'));
});

test('every device has every entry, each under its own salt', async (t) => {
  const bench = new AuditBench(t);
  const [one, two] = [bench.file('a'), bench.file('b')];
  bench.store(one, two);
  await bench.broker.request(authorized());
  const tokens = ['a', 'b'].map((name) => bench.lines(name)[0]?.auth['client_token']);
  t.deepEqual(tokens, [
    new Salt(one.salt).hash('hvs.root-token'),
    new Salt(two.salt).hash('hvs.root-token'),
  ]);
});

/** A device whose disk is full. */
const full = (name: string) => device(name, { file_path: '/dev/full' });

test('one device that writes is enough', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a'), full('b'));
  await bench.broker.request(authorized());
  await bench.broker.request(authorized());
  t.is(bench.lines('a').length, 2);
  t.deepEqual(
    bench.warnings.filter((line) => line.startsWith('An audit device')),
    ['An audit device does not write: b/'],
    'the operator is told once',
  );
});

test('when no device writes the request fails, and says nothing else', async (t) => {
  const bench = new AuditBench(t);
  bench.store(full('a'));
  for (const call of [
    () => bench.broker.request(authorized()),
    () => bench.broker.response(answered(authorized())),
  ]) {
    const error = await t.throwsAsync(call() ?? t.fail(), { instanceOf: ClientError });
    t.is(error?.status, 500);
    t.deepEqual(error?.errors, ['internal error']);
  }
});

test('a device that cannot be opened stays and fails, until it can be', async (t) => {
  const bench = new AuditBench(t);
  const gone = bench.file('a', { mode: '0000' });
  bench.store(gone);
  await t.throwsAsync(bench.broker.request(authorized()) ?? t.fail());
  t.true(bench.warnings.includes('Cannot open the audit device: a/'));
  bench.store(bench.file('b'), gone);
  await bench.broker.request(authorized());
  t.is(bench.lines('b').length, 1);
});

test('a stored device whose options no longer hold fails', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a', { prefix: '#!/bin/sh ' }));
  await t.throwsAsync(bench.broker.request(authorized()) ?? t.fail(), {
    message: 'internal error',
  });
  t.throws(() => bench.text('a'), { code: 'ENOENT' });
});

test('a prefix stands before each line where the configuration allows it', async (t) => {
  const bench = new AuditBench(t, { allowsPrefix: true });
  bench.store(bench.file('a', { prefix: '@cee: ' }));
  await bench.broker.request(authorized());
  await bench.broker.request(authorized());
  t.regex(bench.text('a'), /^(@cee: \{"time":.*\}\n){2}$/);
});

const DRAFT: Omit<DeviceDraft, 'options'> = {
  path: 'a/',
  type: 'file',
  description: 'the first',
  local: false,
};

test('a device is enabled with a test, and has the answer of its enabling, not the request', async (t) => {
  const bench = new AuditBench(t);
  const verdict = authorized();
  await bench.broker.request(verdict);
  const options = { file_path: bench.path('a') };
  const entry = await bench.broker.prepare('r-1', { ...DRAFT, options });
  t.like(entry, { ...DRAFT, options });
  t.regex(entry.accessor, /^audit_file_[0-9a-f]{8}$/);
  bench.store(entry);
  await bench.broker.response(answered(verdict));
  t.deepEqual(
    bench.lines('a').map(({ type, request }) => [type, request['path']]),
    [
      ['request', 'sys/audit/test'],
      ['response', 'flat/app'],
    ],
  );
});

test('a handler that runs again finds the device that it opened', async (t) => {
  const bench = new AuditBench(t);
  const draft = { ...DRAFT, options: { file_path: bench.path('a') } };
  const first = await bench.broker.prepare('r-1', draft);
  t.is(await bench.broker.prepare('r-1', draft), first);
  t.is(bench.lines('a').length, 1);
  bench.store(first);
  t.is(bench.clock.pending, 0, 'it will not be closed');
});

test('what was prepared and is not stored is closed, at once or after a while', async (t) => {
  const bench = new AuditBench(t);
  const draft = { ...DRAFT, options: { file_path: bench.path('a') } };
  const dropped = await bench.broker.prepare('r-1', draft);
  bench.broker.drop('r-1');
  bench.broker.drop('r-1');
  t.is(bench.clock.pending, 0);
  const forgotten = await bench.broker.prepare('r-2', draft);
  bench.clock.advance(120_000);
  t.not(await bench.broker.prepare('r-2', draft), forgotten);
  t.not(dropped.uuid, forgotten.uuid);
});

const UNFIT: readonly (readonly [string, Partial<DeviceDraft>, RegExp])[] = [
  ['an unknown type', { type: 'nothing' }, /^unknown backend type: "nothing"$/],
  ['no type', { type: '' }, /^unknown backend type: ""$/],
  ['syslog', { type: 'syslog' }, /^syslog audit devices are not supported/],
  ['a file without a path', { options: {} }, /^file_path is required$/],
  [
    'a file in a file',
    { options: { file_path: '/dev/null/x' } },
    /^audit backend failed test message: EEXIST/,
  ],
  [
    'a full disk',
    { options: { file_path: '/dev/full' } },
    /^audit backend failed test message: ENOSPC/,
  ],
  [
    'a file that cannot be opened, without a test',
    {
      options: { file_path: '/dev/null/x', skip_test: 'true' },
    },
    /EEXIST/,
  ],
];

for (const [name, draft, message] of UNFIT) {
  test(`${name} is not enabled`, async (t) => {
    const { broker, clock } = new AuditBench(t);
    const preparing = async () => broker.prepare('r-1', { ...DRAFT, options: {}, ...draft });
    const error = await t.throwsAsync(preparing, { instanceOf: ClientError, message });
    t.is(error?.status, 400);
    t.is(clock.pending, 0);
  });
}

test('a device that is tested no more is not connected before its first line', async (t) => {
  const { broker } = new AuditBench(t);
  const options = { address: '127.0.0.1:1', skip_test: 'true' };
  const entry = await broker.prepare('r-1', { ...DRAFT, type: 'socket', options });
  t.is(entry.type, 'socket');
});

test('a disabled device has the request of its disabling and nothing more', async (t) => {
  const bench = new AuditBench(t);
  const [one, two] = [bench.file('a'), bench.file('b')];
  bench.store(one, two);
  const verdict = authorized();
  await bench.broker.request(verdict);
  bench.store(one);
  await bench.broker.response(answered(verdict));
  t.deepEqual(kinds(bench.lines('a')), ['request', 'response']);
  t.deepEqual(kinds(bench.lines('b')), ['request']);
  t.is(bench.broker.hash('b/', 'x'), undefined);
});

test('a device that stays is not opened again when another comes', async (t) => {
  const bench = new AuditBench(t);
  const one = bench.file('a');
  bench.store(one);
  await bench.broker.request(authorized());
  renameSync(bench.path('a'), bench.path('old'));
  bench.store(one, bench.file('b'));
  await bench.broker.request(authorized());
  t.is(bench.lines('old').length, 2);
});

test('logs are begun anew when they were rotated', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a'));
  await bench.broker.request(authorized());
  renameSync(bench.path('a'), bench.path('old'));
  await bench.broker.reopen();
  await bench.broker.request(authorized());
  t.deepEqual([bench.lines('old').length, bench.lines('a').length], [1, 1]);
});

test('a log that cannot be begun anew goes on, and the operator is told', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a'));
  await bench.broker.request(authorized());
  renameSync(bench.path('a'), bench.path('old'));
  mkdirSync(bench.path('a'));
  await bench.broker.reopen();
  await bench.broker.request(authorized());
  t.is(bench.lines('old').length, 2);
  t.deepEqual(bench.warnings, ['Cannot open the audit device again: a/']);
  rmSync(bench.path('a'), { recursive: true });
});

test('what was taken is written before the broker is closed', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a'));
  const written = bench.broker.request(authorized());
  await bench.broker.close();
  await written;
  t.is(bench.lines('a').length, 1);
  t.is(bench.broker.request(authorized()), undefined);
});

test('headers are on record as configured from the moment that is applied', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a'));
  const headers = { 'x-team': 'blue', 'x-correlation-id': 'c-1', 'correlation-id': 'c-2' };
  const shown = async () => {
    await bench.broker.request(authorized({ arrived: { headers } }));
    return bench.lines('a').at(-1)?.request['headers'];
  };
  t.deepEqual(await shown(), { 'correlation-id': ['c-2'], 'x-correlation-id': ['c-1'] });
  bench.storage.put(AUDITED_HEADERS_KEY, {
    'x-team': { hmac: false },
    'correlation-id': { hmac: true },
  });
  t.deepEqual(await shown(), {
    'correlation-id': [bench.broker.hash('a/', 'c-2')],
    'x-correlation-id': ['c-1'],
    'x-team': ['blue'],
  });
});

const CANARY = 'canary';

/** A login, wrapped or not, with a secret in every place that can hold one. */
function secretive() {
  const verdict = authorized({
    arrived: {
      token: `${CANARY}-token`,
      parameters: { password: `${CANARY}-password`, deep: [{ jwt: `${CANARY}-jwt` }] },
    },
    known: { token: { ...ROOT, accessor: `${CANARY}-accessor` } },
  });
  const auth = {
    client_token: `${CANARY}-new`,
    accessor: `${CANARY}-new-accessor`,
    policies: ['team'],
    metadata: null,
    lease_duration: seconds(60),
    renewable: true,
    entity_id: '',
    token_type: 'service',
    orphan: true,
    mfa_requirement: null,
    num_uses: 0,
  } as const;
  const wrapInfo = {
    token: `${CANARY}-wrap`,
    accessor: `${CANARY}-wrap-accessor`,
    ttl: seconds(60),
    creation_time: '2024-05-06T07:08:10Z',
    creation_path: 'flat/app',
    wrapped_accessor: `${CANARY}-inner`,
  };
  const raw = {
    kind: 'raw',
    status: 200,
    contentType: 'text/plain',
    body: `${CANARY}-raw`,
  } as const;
  const login = { auth, noDefaultPolicy: false, isNewEntity: false };
  const refused = badRequest(`no such value: ${CANARY}-echo`);
  return [
    answered(verdict, { data: { key: `${CANARY}-data` } }),
    answered(verdict, { auth, login }),
    answered(verdict, { wrapInfo, login }),
    answered(verdict, { raw }),
    answered(verdict, { status: 404, data: { key: `${CANARY}-data` } }),
    { stage: 'finished', verdict, outcome: { type: 'error', error: refused } },
    {
      stage: 'finished',
      verdict: denied(refused, { arrived: verdict.known.admitted.arrived }),
      outcome: { type: 'error', error: new Error(`${CANARY}-world`) },
    },
  ] as const;
}

for (const format of ['json', 'jsonx']) {
  test(`no secret stands in a log of the format ${format}`, async (t) => {
    const bench = new AuditBench(t);
    // What one device shows does not make another show it.
    const raw = bench.file('raw', { log_raw: 'true', format });
    bench.store(bench.file('before', { format }), raw, bench.file('after', { format }));
    for (const finished of secretive()) {
      await bench.broker.request(finished.verdict);
      await bench.broker.response(finished);
    }
    t.true(bench.text('raw').includes(`${CANARY}-password`));
    for (const name of ['before', 'after']) {
      t.is(bench.text(name).split('\n').length, 2 * secretive().length + 1);
      t.deepEqual(bench.text(name).match(/.{40}canary-[a-z-]+/g), null);
    }
  });
}

test('accessors are shown where that is wished, tokens are not', async (t) => {
  const bench = new AuditBench(t);
  bench.store(bench.file('a', { hmac_accessor: 'false' }));
  for (const finished of secretive()) {
    await bench.broker.request(finished.verdict);
    await bench.broker.response(finished);
  }
  const shown = new Set([...bench.text('a').matchAll(/canary-[a-z-]+/g)].map(([leak]) => leak));
  t.deepEqual([...shown].toSorted(), [
    'canary-accessor',
    'canary-inner',
    'canary-new-accessor',
    'canary-wrap-accessor',
  ]);
});

test('what is measured: each device, all of them, and failures', async (t) => {
  const events: string[] = [];
  const meter = {
    logged: (type: string, milliseconds: number, path?: string) => {
      events.push(`${type} ${path ?? 'all'} ${milliseconds >= 0}`);
    },
    failed: (type: string) => {
      events.push(`${type} failed`);
    },
  };
  const bench = new AuditBench(t, { meter });
  bench.store(full('a'));
  await t.throwsAsync(bench.broker.request(authorized()) ?? t.fail());
  bench.store(device('a', { file_path: 'discard' }));
  bench.store({ ...device('b', { file_path: 'discard' }) });
  await bench.broker.response(answered(authorized()));
  t.deepEqual(events, [
    'request a/ true',
    'request all true',
    'request failed',
    'response b/ true',
    'response all true',
  ]);
});
