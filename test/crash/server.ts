// A server on a disk, with storage `file`, that is ended and started again.
import http from 'node:http';
import path from 'node:path';
import { request } from '#test/conformance/kit/http.ts';
import type { Answer } from '#test/conformance/kit/http.ts';
import { startServers } from '#test/conformance/kit/servers.ts';
import type { Servers } from '#test/conformance/kit/servers.ts';
import { Variables } from '#test/conformance/kit/variables.ts';

/** Speaks to the server with the root token, or with another. */
export type Call = (method: string, at: string, body?: unknown, token?: string) => Promise<Answer>;

export interface CrashServer {
  readonly servers: Servers;
  /** Where the server keeps its data. */
  readonly data: string;
  readonly call: Call;
  readonly stop: () => Promise<void>;
}

/** Starts a server, initialises and unseals it, and mounts secret/. */
export async function startCrashServer(
  command: readonly string[],
  mount?: string,
): Promise<CrashServer> {
  const variables = new Variables();
  const config = mount === undefined ? {} : { storage: { file: { path: mount } } };
  const spec = { mode: 'config', storage: 'file', config } as const;
  const servers = await startServers({ command, spec, variables });
  const agent = new http.Agent({ keepAlive: true });
  const call: Call = async (method, at, body, token = variables.text('root')) =>
    request(servers.address(0), { method, path: at, body, token, agent });
  const made = await call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  if (made.status !== 204) throw new Error(`secret/ is not mounted: ${JSON.stringify(made)}`);
  return {
    servers,
    data: mount ?? path.join(servers.folder, 'data0'),
    call,
    stop: async () => {
      agent.destroy();
      await servers.stop();
    },
  };
}

/** The `data` of an answer of Vault's API. */
export function dataOf({ body }: Answer): Readonly<Record<string, unknown>> {
  return (body as { readonly data?: Readonly<Record<string, unknown>> } | undefined)?.data ?? {};
}

export async function inParallel<Value>(
  values: readonly Value[],
  task: (value: Value) => Promise<void>,
): Promise<void> {
  const left = [...values];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await task(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

const AT_ONCE = 8;
