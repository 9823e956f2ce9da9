import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  openSync,
  closeSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  constants,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fileSink, parseFileOptions } from '#server/audit/devices/file.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const sinkAt = (file_path: string, mode?: string) =>
  fileSink(parseFileOptions({ file_path, ...(mode !== undefined && { mode }) }));

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

test('lines are appended to what is there', async (t) => {
  const path = join(temporaryFolder(t), 'a.log');
  writeFileSync(path, 'first\n');
  const sink = sinkAt(path);
  await sink.write('a\n');
  await sink.write('b\nc\n');
  await sink.close();
  t.is(readFileSync(path, 'utf8'), 'first\na\nb\nc\n');
});

test('folders are made, for the server alone, and the file too', async (t) => {
  const folder = join(temporaryFolder(t), 'new');
  const sink = sinkAt(join(folder, 'deep', 'a.log'));
  await sink.write('');
  await sink.close();
  t.is(modeOf(folder), '700');
  t.is(modeOf(join(folder, 'deep', 'a.log')), '600');
});

const MODES: readonly (readonly [string | undefined, number | undefined, string])[] = [
  [undefined, undefined, '600'],
  ['0644', undefined, '644'],
  ['640', undefined, '640'],
  [undefined, 0o666, '600'],
  [undefined, 0o755, '600'],
  ['0000', 0o604, '604'],
];

for (const [chosen, present, expected] of MODES) {
  const before = present === undefined ? 'no file' : `a file of mode ${present.toString(8)}`;
  test(`mode ${chosen ?? 'by default'} makes ${before} one of mode ${expected}`, async (t) => {
    const path = join(temporaryFolder(t), 'a.log');
    if (present !== undefined) {
      writeFileSync(path, '');
      chmodSync(path, present);
    }
    const sink = sinkAt(path, chosen);
    await sink.write('a\n');
    await sink.close();
    t.is(modeOf(path), expected);
  });
}

test('a mode that is left as it is needs a file, and holds for the next one', async (t) => {
  const path = join(temporaryFolder(t), 'a.log');
  const sink = sinkAt(path, '0000');
  await t.throwsAsync(sink.write('a\n'), { code: 'ENOENT' });
  writeFileSync(path, '');
  chmodSync(path, 0o604);
  await sink.write('a\n');
  rmSync(path);
  await sink.reopen();
  await sink.close();
  t.is(modeOf(path), '604');
});

test('an executable file does not stay one, or is refused where its mode is left', async (t) => {
  const path = join(temporaryFolder(t), 'run.sh');
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  await t.throwsAsync(sinkAt(path, '0000').write('a\n'), { message: /executable/ });
  t.is(readFileSync(path, 'utf8'), '#!/bin/sh\n');
});

test('a symbolic link is refused, and what it leads to stays as it is', async (t) => {
  const folder = temporaryFolder(t);
  const target = join(folder, 'target');
  writeFileSync(target, 'precious');
  symlinkSync(target, join(folder, 'a.log'));
  await t.throwsAsync(sinkAt(join(folder, 'a.log')).write('a\n'), { code: 'ELOOP' });
  t.is(readFileSync(target, 'utf8'), 'precious');
});

test('a folder is refused', async (t) => {
  await t.throwsAsync(sinkAt(temporaryFolder(t)).write('a\n'), { code: 'EISDIR' });
});

test('the file stays in use when it is renamed, until it is opened again', async (t) => {
  const folder = temporaryFolder(t);
  const [path, old] = [join(folder, 'a.log'), join(folder, 'old.log')];
  const sink = sinkAt(path);
  await sink.write('a\n');
  renameSync(path, old);
  await sink.write('b\n');
  t.false(existsSync(path));
  await sink.reopen();
  await sink.write('c\n');
  await sink.close();
  t.is(readFileSync(old, 'utf8'), 'a\nb\n');
  t.is(readFileSync(path, 'utf8'), 'c\n');
  t.is(modeOf(path), '600');
});

test('opening again makes folders that have gone', async (t) => {
  const folder = join(temporaryFolder(t), 'logs');
  const sink = sinkAt(join(folder, 'a.log'));
  await sink.write('a\n');
  rmSync(folder, { recursive: true });
  await sink.write('b\n');
  await sink.reopen();
  await sink.close();
  t.is(readFileSync(join(folder, 'a.log'), 'utf8'), '');
});

test('where the new file cannot be opened the old one stays in use', async (t) => {
  const folder = temporaryFolder(t);
  const [path, old] = [join(folder, 'a.log'), join(folder, 'old.log')];
  const sink = sinkAt(path);
  await sink.write('a\n');
  renameSync(path, old);
  symlinkSync(old, path);
  await t.throwsAsync(sink.reopen(), { code: 'ELOOP' });
  await sink.write('b\n');
  await sink.close();
  t.is(readFileSync(old, 'utf8'), 'a\nb\n');
});

test('nothing is lost when the file is opened again during a write', async (t) => {
  const folder = temporaryFolder(t);
  const [path, old] = [join(folder, 'a.log'), join(folder, 'old.log')];
  const sink = sinkAt(path);
  await sink.write('a\n');
  renameSync(path, old);
  const long = `${'x'.repeat(1 << 20)}\n`;
  await Promise.all([sink.write(long), sink.reopen()]);
  await sink.write('c\n');
  await sink.close();
  const all = readFileSync(old, 'utf8') + readFileSync(path, 'utf8');
  t.is(all, `a\n${long}c\n`);
});

function makePipe(path: string): void {
  execFileSync('mkfifo', [path]);
}

test('a pipe that nobody reads fails at once', async (t) => {
  const path = join(temporaryFolder(t), 'pipe');
  makePipe(path);
  await t.throwsAsync(sinkAt(path).write('a\n'), { code: 'ENXIO' });
});

test('a pipe that is full is waited for until it is given up, and the next line begins afresh', async (t) => {
  const path = join(temporaryFolder(t), 'pipe');
  makePipe(path);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(reader));
  const sink = sinkAt(path);
  const writing = sink.write('x'.repeat(1 << 20));
  sink.giveUp();
  await t.throwsAsync(writing, { code: 'EAGAIN' });

  const buffer = Buffer.alloc(1 << 20);
  const torn = readSync(reader, buffer);
  t.true(torn > 0);
  await sink.write('b\n');
  t.is(buffer.toString('utf8', 0, readSync(reader, buffer)), '\nb\n');
  await sink.close();
});

test('stdout is the output of the process', (t) => {
  const script = `import { fileSink } from '#server/audit/devices/file.ts';
    const sink = fileSink({ path: 'stdout', mode: 0o600 });
    await sink.write('a\\n');
    await sink.reopen();
    await sink.write('b\\n');
    await sink.close();`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script]);
  t.is(output.toString(), 'a\nb\n');
});

test('discard takes everything', async (t) => {
  const sink = sinkAt('discard');
  await t.notThrowsAsync(sink.write('a\n'));
  await t.notThrowsAsync(sink.reopen());
  await t.notThrowsAsync(sink.close());
});
