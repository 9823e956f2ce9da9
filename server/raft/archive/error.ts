// What is wrong with an archive. Whoever sent it may know, so no message quotes more than a name of ours or a number.

export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** It was made under another root key: by another cluster, or before the shares were changed. */
export class ForeignArchiveError extends Error {
  override readonly name = 'ForeignArchiveError';
}
