// An answer that is made while it goes out, as the stream that is sent.
import { Readable } from 'node:stream';
import type { Rendered } from './render.ts';
import type { Outgoing } from './send.ts';

/** The same with its body opened, where it is still to be made. Whatever becomes of it, its source is closed once. */
export function withBody(answer: Rendered): Promise<Rendered>;
export function withBody(answer: Outgoing): Promise<Outgoing>;
export async function withBody(answer: Outgoing): Promise<Outgoing> {
  if ('rawHeaders' in answer || answer.stream === undefined) return answer;
  const { stream, ...rest } = answer;
  const { chunks, close } = await stream.open();
  const body = Readable.from(chunks, { objectMode: false });
  body.once('close', () => void close());
  return { ...rest, body };
}
