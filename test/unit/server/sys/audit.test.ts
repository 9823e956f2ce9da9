import test, { type ExecutionContext } from 'ava';
import type { Call, Verb } from '#sdk/call.ts';
import { assert, ClientError } from '#sdk/errors.ts';
import { decodeData } from '#sdk/path.ts';
import type { Reply } from '#sdk/reply.ts';
import type { System } from '#server/sys/system.ts';
import { auditPaths } from '#server/sys/audit.ts';
import { AuditBench } from '#test/helpers/audit.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Asks a path of sys as a request does, and answers the data of the reply. */
async function ask(
  { broker, storage }: AuditBench,
  verb: Verb,
  path: string,
  parameters: Fields = {},
): Promise<unknown> {
  for (const declared of auditPaths) {
    const captures = declared.matcher.match(path);
    if (captures === undefined) continue;
    const operation = declared.operations[verb];
    assert(operation !== undefined, 'the path has the operation');
    const { data } = decodeData(declared, verb, captures, parameters);
    const engine = { transaction: storage, services: { audit: broker } };
    // A handler of these paths looks at nothing else.
    const call = { engine, data, request: { id: 'r-1' } } as unknown as Call<System, Fields>;
    const reply: Reply | undefined = await operation.handler(call);
    return reply?.kind === 'data' ? reply.data : reply;
  }
  return 'no such path';
}

async function refused(t: ExecutionContext, asked: Promise<unknown>, message: RegExp | string) {
  const error = await t.throwsAsync(asked, { instanceOf: ClientError, message });
  t.is(error?.status, 400);
}

const enable = (bench: AuditBench, path = 'log', parameters: Fields = {}) =>
  ask(bench, 'write', `audit/${path}`, {
    type: 'file',
    options: { file_path: bench.path('log') },
    ...parameters,
  });

test('a device is enabled, listed without its salt, and disabled', async (t) => {
  const bench = new AuditBench(t);
  t.deepEqual(await ask(bench, 'read', 'audit'), {});
  t.is(await enable(bench, 'log', { description: 'the first', local: true }), undefined);
  t.deepEqual(await ask(bench, 'read', 'audit'), {
    'log/': {
      path: 'log/',
      type: 'file',
      description: 'the first',
      options: { file_path: bench.path('log') },
      local: true,
    },
  });
  t.is(await ask(bench, 'delete', 'audit/log'), undefined);
  t.deepEqual(await ask(bench, 'read', 'audit'), {});
});

test('disabling what is not there is nothing', async (t) => {
  const bench = new AuditBench(t);
  await enable(bench);
  t.is(await ask(bench, 'delete', 'audit/other'), undefined);
  t.true(Object.hasOwn((await ask(bench, 'read', 'audit')) as object, 'log/'));
});

const TAKEN = ['log', 'log/', '/log', 'log/more', 'l'];

for (const path of TAKEN) {
  const isFree = path === 'l';
  test(`beside log, the path ${path} is ${isFree ? 'free' : 'in use'}`, async (t) => {
    const bench = new AuditBench(t);
    await enable(bench);
    const enabling = enable(bench, path);
    if (isFree) t.is(await enabling, undefined);
    else await refused(t, enabling, 'path already in use');
  });
}

test('a path above one that is in use is in use', async (t) => {
  const bench = new AuditBench(t);
  await enable(bench, 'deep/log');
  await refused(t, enable(bench, 'deep'), 'path already in use');
});

test('when the handler runs again and lost the path its device is closed', async (t) => {
  const bench = new AuditBench(t);
  const draft = { path: 'log/', type: 'file', description: '', local: false };
  await bench.broker.prepare('r-1', { ...draft, options: { file_path: bench.path('log') } });
  bench.store(bench.file('log'));
  await refused(t, enable(bench), 'path already in use');
  t.is(bench.clock.pending, 0);
});

test('a device that cannot be opened is not stored', async (t) => {
  const bench = new AuditBench(t);
  await refused(t, enable(bench, 'log', { options: {} }), 'file_path is required');
  await refused(t, enable(bench, 'log', { type: '' }), 'unknown backend type: ""');
  await refused(t, enable(bench, '/'), 'backend path must be specified');
  t.deepEqual(await ask(bench, 'read', 'audit'), {});
});

test('there are no more devices than requests can wait for', async (t) => {
  const bench = new AuditBench(t);
  bench.store(...Array.from({ length: 32 }, (_, index) => bench.file(`d${index}`)));
  await refused(t, enable(bench), 'too many audit devices are enabled');
});

test('the hash is the one that the device shows', async (t) => {
  const bench = new AuditBench(t);
  await enable(bench);
  const hash = { hash: bench.broker.hash('log/', 'x') };
  t.deepEqual(await ask(bench, 'write', 'audit-hash/log', { input: 'x' }), hash);
  t.deepEqual(await ask(bench, 'write', 'audit-hash/log/', { input: 'x' }), hash);
  await refused(t, ask(bench, 'write', 'audit-hash/log'), 'the "input" parameter is empty');
  const unknown = ask(bench, 'write', 'audit-hash/other', { input: 'x' });
  await refused(t, unknown, 'unknown audit backend "other/"');
});

test('headers are stored in lower case and shown as they are asked for', async (t) => {
  const bench = new AuditBench(t);
  const path = 'config/auditing/request-headers';
  t.deepEqual(await ask(bench, 'read', path), { headers: {} });
  await ask(bench, 'write', `${path}/X-Team`);
  await ask(bench, 'write', `${path}/x-note`, { hmac: true });
  t.deepEqual(await ask(bench, 'read', path), {
    headers: { 'x-team': { hmac: false }, 'x-note': { hmac: true } },
  });
  t.deepEqual(await ask(bench, 'read', `${path}/X-NOTE`), { 'X-NOTE': { hmac: true } });
  await ask(bench, 'delete', `${path}/X-Note`);
  await ask(bench, 'delete', `${path}/X-Note`);
  t.deepEqual(await ask(bench, 'read', path), { headers: { 'x-team': { hmac: false } } });
  await refused(t, ask(bench, 'read', `${path}/x-note`), 'Could not find header in config');
});

for (const name of ['a b', 'a:b', '__proto__', 'ä']) {
  test(`${name} is no header`, async (t) => {
    const asked = ask(new AuditBench(t), 'write', `config/auditing/request-headers/${name}`);
    await refused(t, asked, 'invalid header name');
  });
}

test('there are no more headers than a request can be searched for', async (t) => {
  const bench = new AuditBench(t);
  const path = 'config/auditing/request-headers';
  for (let index = 0; index < 128; index += 1) await ask(bench, 'write', `${path}/x-${index}`);
  await refused(t, ask(bench, 'write', `${path}/x-more`), 'too many request headers are audited');
  t.is(await ask(bench, 'write', `${path}/x-1`, { hmac: true }), undefined);
});

test('nobody without sudo changes what is on record', (t) => {
  const open = auditPaths.filter(({ access }) => access !== 'sudo').map(({ template }) => template);
  t.deepEqual(open, ['audit-hash/{path...}']);
});
