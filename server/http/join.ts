// sys/storage/raft/join: asked of a node that has no mounts yet, so it stands outside of them.
import { badRequest } from '#sdk/errors.ts';
import { joinRequest } from '../cluster/leader.ts';
import type { Node } from '../node.ts';
import { renderPlain, type Rendered } from './render.ts';

export async function joinBy(
  node: Node,
  parameters: Readonly<Record<string, unknown>>,
): Promise<Rendered> {
  if (node.cluster === undefined) throw badRequest('raft storage is not in use');
  return renderPlain(200, { joined: await node.join(joinRequest(parameters)) });
}
