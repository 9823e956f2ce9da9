// The active node's side of echoes: what a standby tells of itself, under the name that its certificate has.
import { parseJson } from '#sdk/json.ts';
import { ECHO_TARGET, parseEcho } from '../cluster/echo.ts';
import type { ForwardedRequest } from '../cluster/forward-server.ts';
import type { Node } from '../node.ts';
import { makeBodyBudgets } from './body-budget.ts';
import { readBody } from './body.ts';

/** Some addresses and numbers. */
const ECHO_BYTES_MAX = 8 * 1024;

export const isEcho = ({ request }: Pick<ForwardedRequest, 'request'>): boolean =>
  request.url === ECHO_TARGET;

export async function answerEcho(node: Node, forwarded: ForwardedRequest): Promise<void> {
  const { request, response, from } = forwarded;
  let isHeard = false;
  try {
    const limits = {
      largest: ECHO_BYTES_MAX,
      budget: () => makeBodyBudgets(ECHO_BYTES_MAX).known, // for a body of unknown length
    };
    const body = await readBody({ req: request, res: response }, limits);
    const echo = parseEcho(parseJson(body?.toString() ?? ''));
    const echoes = node.unsealed()?.node.raft?.echoes;
    if (echo !== undefined && node.activeSince !== undefined) {
      echoes?.hear(from, echo);
      isHeard = echoes !== undefined;
    }
  } catch (error) {
    node.log.debug('an echo could not be read', { node: from, error: String(error) });
  }
  response.writeHead(isHeard ? 204 : 400).end();
}
