// Snapshots by way of a standby: the bytes go through it in both directions, and the active node decides.
import { connect, createServer, type AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { ForwardClient } from '#server/cluster/forward-client.ts';
import { ForwardServer } from '#server/cluster/forward-server.ts';
import { answerForwarded } from '#server/http/answer-forwarded.ts';
import type { Link } from '#server/link.ts';
import { startListening, type Listening } from '#test/helpers/listening.ts';
import { settle } from '#test/helpers/medium.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';
import { server, WholeCluster } from '#test/helpers/whole-cluster.ts';

const SNAPSHOT = 'sys/storage/raft/snapshot';

/** Requests go to `active` over a port of its own. */
async function linkTo(t: ExecutionContext, active: Listening): Promise<Link> {
  const forwards = new ForwardServer({
    isMember: () => true,
    handle: answerForwarded(active.node),
  });
  const port = createServer((socket) => forwards.accept(server('node1').id, socket));
  await new Promise<void>((resolve) => {
    port.listen(0, '127.0.0.1', resolve);
  });
  const { port: number } = port.address() as AddressInfo;
  const dial = (): Promise<ReturnType<typeof connect>> =>
    Promise.resolve(connect(number, '127.0.0.1'));
  const client = new ForwardClient(dial, new TimerClock());
  t.teardown(() => {
    client.close();
    forwards.close();
    port.close();
  });
  return {
    send: () => {},
    listen: () => () => {},
    forward: (leader, request) => client.send(leader, request),
    close: () => Promise.resolve(),
  };
}

async function begin(t: ExecutionContext) {
  const cluster = WholeCluster.leading(server('node1'));
  const active = await startListening({ cluster, folder: temporaryFolder(t) });
  const standby = await startListening({
    cluster: new WholeCluster('node1', cluster.cluster),
    folder: temporaryFolder(t),
    share: active.share,
    link: await linkTo(t, active),
  });
  cluster.cluster.elect(cluster);
  await settle();
  t.teardown(async () => {
    await standby.close();
    await active.close();
  });
  return { active, standby, cluster };
}

interface Asked {
  readonly method?: string;
  readonly body?: Buffer;
  readonly token?: string;
}

async function ask({ address, token: root }: Listening, path: string, asked: Asked = {}) {
  const { method = 'GET', body, token = root } = asked;
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    headers: token === '' ? {} : { 'X-Vault-Token': token },
    ...(body && { body }),
  });
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

const write = (node: Listening, x: string) =>
  ask(node, 'cubbyhole/a', { method: 'POST', body: Buffer.from(JSON.stringify({ x })) });

test('a snapshot is taken and restored by way of a standby', async (t) => {
  const { active, standby } = await begin(t);
  t.is(standby.node.activeSince, undefined);
  t.is((await write(standby, 'before')).status, 204);
  const { status, bytes } = await ask(standby, SNAPSHOT);
  t.is(status, 200);
  t.true(bytes.length > 1000);
  await write(active, 'after');
  t.is((await ask(standby, SNAPSHOT, { method: 'POST', body: bytes })).status, 204);
  t.regex((await ask(active, 'cubbyhole/a')).bytes.toString(), /"before"/);
});

test('a standby asks for a token as the active node does', async (t) => {
  const { active, standby } = await begin(t);
  await write(active, 'before');
  const { bytes } = await ask(active, SNAPSHOT);
  await write(active, 'after');
  for (const token of ['', 'nobody']) {
    t.is((await ask(standby, SNAPSHOT, { token })).status, 403);
    for (const path of [SNAPSHOT, `${SNAPSHOT}-force`]) {
      t.is((await ask(standby, path, { method: 'POST', body: bytes, token })).status, 403);
    }
    for (const path of ['configuration', 'autopilot/state', 'autopilot/configuration']) {
      t.is((await ask(standby, `sys/storage/raft/${path}`, { token })).status, 403);
    }
    const body = Buffer.from('{"server_id":"node1"}');
    const remove = await ask(standby, 'sys/storage/raft/remove-peer', {
      method: 'POST',
      body,
      token,
    });
    t.is(remove.status, 403);
  }
  t.regex((await ask(active, 'cubbyhole/a')).bytes.toString(), /"after"/);
});

test('what is no snapshot is refused by way of a standby too', async (t) => {
  const { standby } = await begin(t);
  const { status } = await ask(standby, SNAPSHOT, { method: 'POST', body: Buffer.alloc(100_000) });
  t.is(status, 400);
});
