// What a bare node:http server with a fixed answer costs on this machine now: the unit of the costs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { measureLoad } from './load.ts';
import type { Measured } from './load.ts';

const SECONDS = 3;

const PROGRAM = `
const body = '{"data":{"username":"user","password":"correct horse battery staple"}}';
const server = require('http').createServer((_, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** Measured with the node that runs this file; `script` asks for any path. */
export async function measureBare(connections: number, script: string): Promise<Measured> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    const address = `http://127.0.0.1:${printed.toString().trim()}`;
    const pid = child.pid ?? 0; // it printed, so it runs
    return await measureLoad({ address, pid, connections, seconds: SECONDS, script });
  } finally {
    child.kill('SIGKILL');
  }
}
