// sys/storage/raft/join: asked of a node that has no mounts yet, so it stands outside of them.
import { joinRequest, type JoinRequest } from '../cluster/leader.ts';
import { renderPlain, type Rendered } from './render.ts';

export interface Joinable {
  /** Whether the node is in a cluster, or has found one whose shares it waits for. */
  readonly join: (request: JoinRequest) => Promise<boolean>;
}

export async function joinBy(
  node: Joinable,
  parameters: Readonly<Record<string, unknown>>,
): Promise<Rendered> {
  return renderPlain(200, { joined: await node.join(joinRequest(parameters)) });
}
