// A server in a process of its own, for what only a process shows: signals, files, memory. It takes its orders on
// standard input (`seal`: forget everything, and collect the garbage), so that the product needs no such door.
//
//   server-process.ts FOLDER
import { createInterface } from 'node:readline';
import { parseConfig } from '#server/config.ts';
import { listen } from '#server/http/listener.ts';
import { LogLevel, makeLog } from '#server/log.ts';
import { makeEntry } from '#server/mount/make-entry.ts';
import { Node } from '#server/node.ts';
import { systemClock } from '#server/system-clock.ts';
import { openLevel } from '#storage/level.ts';
import { collectGarbage } from './garbage.ts';

/** Whatever is referred to by what was just collected goes with the next turn. */
const COLLECTIONS = 5;

const [, , folder = ''] = process.argv;
const text = `storage "file" { path = ${JSON.stringify(folder)} }
  listener "tcp" {
    address = "127.0.0.1:0"
    tls_disable = true
  }`;
const config = parseConfig([{ name: 'test', text }], { env: {}, networks: {} });
const [listener] = config.listeners;
if (listener === undefined) throw new Error('there is a listener');
const log = makeLog({
  level: new LogLevel('info'),
  format: 'standard',
  clock: systemClock,
  write: (line) => void process.stderr.write(line),
});
const physical = await openLevel(folder);
const node = new Node({ clock: systemClock, log, config, physical, storageType: 'file' });
const open = await listen(node, listener);
process.stdout.write(`${open.address}\n`);

for await (const order of createInterface({ input: process.stdin })) {
  if (order === 'mount') await mountKv();
  if (order === 'seal') await sealAndForget();
  process.stdout.write(`${order}\n`);
}
process.exit(0);

async function mountKv(): Promise<void> {
  const services = node.unsealed();
  if (services === undefined) throw new Error('the node is sealed');
  const transaction = services.barrier.begin();
  const entry = makeEntry({ kind: 'secret', path: 'kv/', type: 'kv' });
  services.mounts.put(transaction, [...services.mounts.entries(transaction), entry]);
  await transaction.commit();
}

async function sealAndForget(): Promise<void> {
  await node.seal();
  for (let time = 0; time < COLLECTIONS; time += 1) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
