// What was rendered goes out through koa.
import type { Context } from 'koa';
import type { Rendered } from './render.ts';

export function send(context: Context, { status, contentType, body, headers }: Rendered): void {
  if (contentType !== undefined) context.set('Content-Type', contentType);
  for (const [name, value] of Object.entries(headers)) context.set(name, value);
  if (body === undefined) context.body = null;
  else context.body = typeof body === 'string' ? body : Buffer.from(body);
  context.status = status; // last: koa gives a status of its own to whatever body it is handed
}
