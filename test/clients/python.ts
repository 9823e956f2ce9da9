// A Python of our own with the packages of requirements.txt, kept in .cache/ between runs.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REQUIREMENTS = path.join(import.meta.dirname, 'requirements.txt');
const CACHE = path.join(import.meta.dirname, '..', '..', '.cache');

/** Why there is no Python to test with; undefined where there is one. */
export async function missingPython(): Promise<string | undefined> {
  try {
    await run('python3', ['-c', 'import ensurepip, venv']);
    return undefined;
  } catch {
    return 'python3 with venv and pip is missing (Debian packages python3, python3-venv)';
  }
}

/** The interpreter; it is made once for each content of requirements.txt. */
export async function preparedPython(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex');
  const folder = path.join(CACHE, `python-${digest.slice(0, 12)}`);
  const interpreter = path.join(folder, 'bin', 'python3');
  if (existsSync(interpreter)) return interpreter;
  const unfinished = `${folder}.${process.pid}`; // a run that is interrupted leaves nothing that looks whole
  await run('python3', ['-m', 'venv', unfinished]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(path.join(unfinished, 'bin', 'python3'), [...pip, '-r', REQUIREMENTS]);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return interpreter;
}
