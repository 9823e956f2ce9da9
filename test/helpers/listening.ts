// An unsealed server that listens, for what is not a set of fields: bytes that come and go.
import { parseConfig } from '#server/config.ts';
import { listen } from '#server/http/listener.ts';
import type { Link } from '#server/link.ts';
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
  /** Of the cluster that the node is in already. */
  readonly share?: string;
  /** To nobody unless said otherwise. */
  readonly link?: Link;
}

const ROOT_TOKEN = 'root';

const NO_LINK: Link = {
  send: () => {},
  listen: () => () => {},
  forward: () => Promise.reject(new Error('nobody is there')),
  close: () => Promise.resolve(),
};

async function initialise(node: Node): Promise<string> {
  const numbers = { secret_shares: 1, secret_threshold: 1 };
  const { shares } = await node.initialise(numbers, { rootTokenId: ROOT_TOKEN });
  return shares[0]?.toString('hex') ?? '';
}

export async function startListening({
  cluster,
  folder,
  listener: lines = '',
  link = NO_LINK,
  share: given,
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
  const node = new Node({
    clock,
    log,
    config,
    physical: cluster,
    storageType: 'raft',
    membership: { storage: cluster, openLink: () => Promise.resolve(link) },
  });
  const share = given ?? (await initialise(node));
  await node.provideShare(Buffer.from(share, 'hex'));
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error('there is a listener');
  const open = await listen(node, listener);
  return {
    node,
    clock,
    logged,
    address: `http://${open.address}`,
    share,
    token: ROOT_TOKEN,
    close: async () => {
      await open.close();
      open.cutOff();
      await node.close();
    },
  };
}
