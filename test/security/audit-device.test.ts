// Whoever may enable an audit device can have the server write files. They must not become programs, nor overwrite
// what is there. CVE-2025-6000, CVE-2025-54997, CVE-2026-5051, CVE-2024-0831.
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { KV_V1, startWorld, type World } from './helpers/world.ts';

const enable = async (world: World, options: object, name = 'file'): Promise<number> =>
  (await world.ask('POST', `sys/audit/${name}`, { type: 'file', options })).status;

for (const key of ['file_path', 'path']) {
  test(`CVE-2025-6000: no log becomes a program (${key})`, async (t) => {
    const folder = temporaryFolder(t);
    const world = await startWorld(t);
    const log = join(folder, 'audit.log');
    const refused: Readonly<Record<string, object>> = {
      'a prefix that makes lines of a script': { prefix: '#!/bin/sh\n' },
      'a prefix at all': { prefix: 'x ' },
      'a mode to run it': { mode: '0755' },
      'a mode for its group to run it': { mode: '0610' },
      'a mode with a special bit': { mode: '4600' },
      'a mode that is none': { mode: '0x1ff' },
      'a mode with a sign': { mode: '-1' },
    };
    for (const [what, options] of Object.entries(refused)) {
      t.is(await enable(world, { [key]: log, ...options }), 400, what);
      t.false(existsSync(log), `${what}: nothing was made`);
    }
    t.is(await enable(world, { [key]: log }), 204);
  });
}

test('CVE-2026-5051: no log is written through a link, into a program or into what is no file', async (t) => {
  const folder = temporaryFolder(t);
  const world = await startWorld(t);
  const [target, link, program] = ['target', 'link', 'program'].map((name) => join(folder, name));
  writeFileSync(target ?? '', 'kept');
  symlinkSync(target ?? '', link ?? '');
  writeFileSync(program ?? '', 'kept');
  chmodSync(program ?? '', 0o755);
  for (const path of [link, folder, '/dev/null/x', '', 'a\0b']) {
    t.is(await enable(world, { file_path: path }), 400, path);
  }
  t.is(readFileSync(target ?? '', 'utf8'), 'kept');
  await enable(world, { file_path: program, mode: '0' });
  t.is(readFileSync(program ?? '', 'utf8'), 'kept');
});

test('CVE-2024-0831: what one device shows, no other does, nor the next one of its name', async (t) => {
  const folder = temporaryFolder(t);
  const world = await startWorld(t, { mounts: [KV_V1] });
  const [open, hashed, later] = ['open', 'hashed', 'later'].map((name) => join(folder, name));
  t.is(await enable(world, { file_path: open, log_raw: 'true' }, 'open'), 204);
  t.is(await enable(world, { file_path: hashed }, 'hashed'), 204);
  await world.ask('POST', 'kv/a', { value: 'canary-first' });
  await world.ask('DELETE', 'sys/audit/open');
  t.is(await enable(world, { file_path: later }, 'open'), 204);
  await world.ask('POST', 'kv/a', { value: 'canary-second' });

  t.true(has(open, 'canary-first') && has(open, world.root));
  t.false(has(open, 'canary-second'), 'after it was disabled nothing is written');
  for (const path of [hashed, later]) {
    t.false(has(path, 'canary-'), path);
    t.false(has(path, world.root), path);
  }
});

test('a request that cannot be put on record does not happen', async (t) => {
  const folder = temporaryFolder(t);
  const world = await startWorld(t, { mounts: [KV_V1] });
  await world.ask('POST', 'kv/before', { value: 'canary' });
  t.is(await enable(world, { file_path: join(folder, 'log') }), 204);
  const { audit } = world.node.unsealed() ?? t.fail();
  const request = audit.request.bind(audit);
  audit.request = () => Promise.reject(new Error('the disk is full'));
  const answers = [
    await world.ask('POST', 'kv/after', { value: 'canary' }),
    await world.ask('GET', 'kv/before'),
    await world.ask('DELETE', 'kv/before'),
  ];
  for (const { status, text } of answers) {
    t.is(status, 500);
    t.notRegex(text, /canary|disk/);
  }
  audit.request = request;
  t.is((await world.ask('GET', 'kv/after')).status, 404);
  t.is((await world.ask('GET', 'kv/before')).status, 200);
});

function has(path: string | undefined, text: string): boolean {
  return readFileSync(path ?? '', 'utf8').includes(text);
}
