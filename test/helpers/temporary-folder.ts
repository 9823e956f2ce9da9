// A folder for one test, which is gone when the test has ended.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
