// What an archive consists of, in this order, and the file of sums that holds it together.
import { hash } from 'node:crypto';
import { ArchiveError } from './error.ts';

export const META = 'meta.json';
export const STATE = 'state.bin';
export const SUMS = 'SHA256SUMS';
export const SEALED_SUMS = 'SHA256SUMS.sealed';

/** What the sealed sums are opened as. */
export const SUMS_CONTEXT = 'core/raft/snapshot-sums';

export const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

/** As sha256sum prints it. */
export const sumsText = (meta: string, state: string): string =>
  `${meta}  ${META}\n${state}  ${STATE}\n`;

/** @throws ArchiveError when a part is another than when the sums were taken */
export function checkSums(sums: Buffer, meta: string, state: string): void {
  if (sums.toString('latin1') === sumsText(meta, state)) return;
  throw new ArchiveError('the snapshot does not match its SHA256SUMS');
}
