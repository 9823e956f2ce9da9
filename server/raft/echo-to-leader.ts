// A standby's echo on its way: over the cluster port, to whoever leads now.
import { hostname } from 'node:os';
import { millis } from '#sdk/clock.ts';
import type { Server } from '#raft/types.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { leadingServer, type Advertisement } from '../advertisement.ts';
import { ECHO_TARGET, Echoer, type Echo } from '../cluster/echo.ts';
import type { ForwardedFacts } from '../cluster/forwarded-facts.ts';
import type { Link } from '../link.ts';
import type { Unsealed } from '../unsealed.ts';
import { VERSION } from '../version.ts';

export interface EchoSurroundings {
  readonly services: Unsealed;
  readonly cluster: Pick<ClusterStorage, 'status'>;
  readonly link: Pick<Link, 'forward'>;
  /** Where this node is found. */
  readonly own: Advertisement;
}

/** No client asks. */
const NOBODY: ForwardedFacts = {
  requestId: '',
  remoteAddress: '',
  remotePort: 0,
  certificate: undefined,
  listener: {},
};

/** A node that takes longer to hear a few words is not active any more. */
const LIMIT = millis(2_000);

/** Says nothing as long as this node leads. */
export function makeEchoer({ services, cluster, link, own }: EchoSurroundings): Echoer {
  const { clock, log, barrier } = services;
  const facts = { hostname: hostname(), version: VERSION };
  return new Echoer({
    clock,
    log,
    describe: () => {
      const { appliedIndex, lastTerm: term } = cluster.status();
      const { apiAddress, clusterAddress } = own;
      return { ...facts, apiAddress, clusterAddress, appliedIndex, term };
    },
    send: async (echo: Echo) => {
      const leader = leadingServer(cluster, barrier);
      return leader !== undefined && sendTo(link, leader, echo);
    },
  });
}

async function sendTo(
  link: EchoSurroundings['link'],
  leader: Pick<Server, 'id' | 'address'>,
  echo: Echo,
): Promise<boolean> {
  const { status, body } = await link.forward(leader, {
    method: 'POST',
    target: ECHO_TARGET,
    rawHeaders: ['Host', leader.address], // HTTP demands one
    body: Buffer.from(JSON.stringify(echo)),
    facts: NOBODY,
    limit: LIMIT,
  });
  body.resume();
  return status === 204;
}
