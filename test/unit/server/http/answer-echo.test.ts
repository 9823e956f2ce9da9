// Echoes as they come in over the cluster port.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { answerForwarded } from '#server/http/answer-forwarded.ts';
import { startListening } from '#test/helpers/listening.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { server, WholeCluster } from '#test/helpers/whole-cluster.ts';

const ECHO = {
  hostname: 'b',
  apiAddress: 'http://127.0.0.1:8210',
  clusterAddress: 'https://127.0.0.1:8211',
  version: '1.16.3',
  appliedIndex: 12,
  term: 3,
};
const NODE1 = server('node1').id;

/** A node, and a port on which everybody is node1. */
async function begin(t: ExecutionContext) {
  const cluster = WholeCluster.leading(server('node1'));
  const listening = await startListening({ cluster, folder: temporaryFolder(t) });
  const handle = answerForwarded(listening.node);
  const port = createServer((request, response) => {
    const facts = {
      requestId: '',
      remoteAddress: '',
      remotePort: 0,
      certificate: undefined,
      listener: {},
    };
    const refuse = (): void => void response.writeHead(503).end();
    handle({ request, response, facts, from: NODE1, refuse });
  });
  await listen(port);
  t.teardown(async () => {
    port.close();
    port.closeAllConnections();
    await listening.close();
  });
  const { port: number } = port.address() as AddressInfo;
  const send = async (body: string): Promise<number> => {
    const url = `http://127.0.0.1:${number}/cluster/echo`;
    return (await fetch(url, { method: 'POST', body })).status;
  };
  return { ...listening, cluster, send };
}

const listen = (port: Server): Promise<void> =>
  new Promise((resolve) => {
    port.listen(0, '127.0.0.1', resolve);
  });

test('an echo is kept under the name of who sent it', async (t) => {
  const { node, send, clock } = await begin(t);
  t.is(await send(JSON.stringify({ ...ECHO, id: 'node7' })), 204);
  t.deepEqual(node.unsealed()?.node.raft?.echoes.of(NODE1), { echo: ECHO, at: clock.now() });
});

test('what is no echo, or too long for one, is refused', async (t) => {
  const { node, send } = await begin(t);
  for (const body of ['', '{', '[]', '{}', 'x'.repeat(10_000)]) t.is(await send(body), 400);
  t.is(node.unsealed()?.node.raft?.echoes.of(NODE1), undefined);
});

test('a node that is not active hears nothing', async (t) => {
  const { node, cluster, send } = await begin(t);
  cluster.cluster.depose();
  t.is(await send(JSON.stringify(ECHO)), 400);
  t.is(node.unsealed()?.node.raft?.echoes.of(NODE1), undefined);
});

test('no client can echo', async (t) => {
  const { address } = await begin(t);
  const response = await fetch(`${address}/cluster/echo`, {
    method: 'POST',
    body: JSON.stringify(ECHO),
  });
  t.is(response.status, 404);
});
