// An answer that is made while it goes out, as the stream that is sent.
import { Readable } from 'node:stream';
import type { Rendered } from './render.ts';

/** The same with its body opened, where it is still to be made. Whatever becomes of it, its source is closed once. */
export async function withBody(rendered: Rendered): Promise<Rendered> {
  const { stream, ...rest } = rendered;
  if (stream === undefined) return rendered;
  const { chunks, close } = await stream.open();
  const body = Readable.from(chunks, { objectMode: false });
  body.once('close', () => void close());
  return { ...rest, body };
}
