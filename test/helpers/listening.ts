// An unsealed server that listens, for what is not a set of fields: bytes that come and go.
import { parseConfig } from '#server/config.ts';
import { listen } from '#server/http/listener.ts';
import type { Log } from '#server/log.ts';
import { Node } from '#server/node.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

export interface Listening {
  readonly node: Node;
  readonly clock: TimerClock;
  readonly logged: readonly string[];
  readonly address: string;
  /** The only share of the key. */
  readonly share: string;
  readonly token: string;
  close(): Promise<void>;
}

export interface ListeningOptions {
  readonly cluster: ClusterStorage;
  /** Where the storage says that its data is. */
  readonly folder: string;
  /** Lines of the listener's stanza besides. */
  readonly listener?: string;
}

export async function startListening({
  cluster,
  folder,
  listener: lines = '',
}: ListeningOptions): Promise<Listening> {
  const clock = new TimerClock();
  const logged: string[] = [];
  const line = (message: string): void => void logged.push(message);
  const log: Log = { trace: line, debug: line, info: line, warn: line, error: line };
  const text = `
    storage "raft" { path = "${folder}" }
    listener "tcp" {
      address = "127.0.0.1:0"
      tls_disable = true
      ${lines}
    }
    api_addr = "http://127.0.0.1:8200"
  `;
  const config = parseConfig([{ name: 'test', text }], { env: {}, networks: {} });
  const link = {
    send: () => {},
    listen: () => () => {},
    forward: () => Promise.reject(new Error('nobody is there')),
    close: () => Promise.resolve(),
  };
  const node = new Node({
    clock,
    log,
    config,
    physical: cluster,
    storageType: 'raft',
    membership: { storage: cluster, openLink: () => Promise.resolve(link) },
  });
  const numbers = { secret_shares: 1, secret_threshold: 1 };
  const { shares, rootToken } = await node.initialise(numbers, { rootTokenId: 'root' });
  const share = shares[0] ?? Buffer.alloc(0);
  const hex = share.toString('hex');
  await node.provideShare(share);
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error('there is a listener');
  const open = await listen(node, listener);
  return {
    node,
    clock,
    logged,
    address: `http://${open.address}`,
    share: hex,
    token: rootToken,
    close: async () => {
      await open.close();
      open.cutOff();
      await node.close();
    },
  };
}
