import type { ServerResponse } from 'node:http';
import test from 'ava';
import type { Context } from 'koa';
import { parseConfig } from '#server/config.ts';
import { renderPlain } from '#server/http/render.ts';
import { makeSend } from '#server/http/send.ts';

/** The headers of an answer on a node with these settings. */
function headersOf(settings: string, nodeId: string): readonly string[] {
  const text = `${settings}\nlistener "tcp" { address = "127.0.0.1:1" tls_disable = true }`;
  const config = parseConfig([{ name: 'test', text }], { env: {}, networks: {} });
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error('there is a listener');
  let written: readonly string[] = [];
  const res = {
    headersSent: false,
    writeHead: (_: number, lines: readonly string[]) => void (written = lines),
    end: () => undefined,
  };
  const context = {
    res: res as unknown as ServerResponse,
    req: { complete: true },
    writable: true,
  };
  makeSend(config, listener, nodeId)(context as unknown as Context, renderPlain(200, {}));
  return written;
}

test('the id of the node is told where the configuration says so', (t) => {
  const headers = headersOf('enable_response_header_raft_node_id = true', 'node1');
  t.is(headers[headers.indexOf('X-Vault-Raft-Node-ID') + 1], 'node1');
});

test('the id of the node is not told otherwise, nor where it has none', (t) => {
  t.false(headersOf('', 'node1').includes('X-Vault-Raft-Node-ID'));
  const none = headersOf('enable_response_header_raft_node_id = true', '');
  t.false(none.includes('X-Vault-Raft-Node-ID'));
});
