// Where something stands in a source, the error that says so, and patterns that start exactly there.

export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

export const START: Position = { line: 1, column: 1, offset: 0 };

/** The source cannot be read. Messages are the ones that users of HCL know from other tools. */
export class HclError extends Error {
  override readonly name = 'HclError';
  readonly reason: string;
  readonly at: Position | undefined;

  constructor(reason: string, at?: Position) {
    super(at === undefined ? reason : `At ${at.line}:${at.column}: ${reason}`);
    this.reason = reason;
    this.at = at;
  }
}

/** The position of a later offset; the work is proportional to the distance. */
export function moved(from: Position, source: string, offset: number): Position {
  let { line, column } = from;
  for (let index = from.offset; index < offset; index += 1) {
    if (source.charCodeAt(index) === LINE_FEED) {
      line += 1;
      column = 1;
    } else {
      column += 1;
    }
  }
  return { line, column, offset };
}

const LINE_FEED = 10;

/** What a sticky pattern finds at the offset. Its position is set before each use: nothing is remembered. */
export function matchAt(pattern: RegExp, source: string, offset: number): RegExpExecArray | null {
  const sticky = pattern;
  sticky.lastIndex = offset;
  return sticky.exec(source);
}

/** The end of what matches at the offset; the offset itself if nothing does. */
export function endOfMatch(pattern: RegExp, source: string, offset: number): number {
  return offset + (matchAt(pattern, source, offset)?.[0].length ?? 0);
}
