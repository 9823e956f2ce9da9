// The process as the operating system sees it: no debugger, no dump, no file that others can read, an orderly end.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { revealingOption } from '#server/runtime.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const inLinux = process.platform === 'linux' ? test : test.skip;

const ENDS_WITHIN_MS = 5_000;

interface Started {
  readonly child: ChildProcess;
  readonly address: string;
  /** All that it has written so far. */
  readonly output: () => string;
  ask(method: string, path: string, body?: object, token?: string): Promise<Answer>;
  /** The exit code, and the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<readonly [number | null, string | null]>;
}

interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}

/** Starts the command as an operator would, with whatever the shell does first. */
async function start(t: ExecutionContext, folder: string, first = ''): Promise<Started> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'config.hcl');
  writeFileSync(
    config,
    `storage "file" { path = ${JSON.stringify(join(folder, 'data'))} }
     listener "tcp" {
       address = "${address}"
       tls_disable = true
     }`,
  );
  const child = spawn('sh', ['-c', `${first} exec bin/vault server -config=${config}`]);
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  const started = Promise.withResolvers<undefined>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('server started')) started.resolve(undefined);
    });
  }
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  await Promise.race([started.promise, ended]);
  return {
    child,
    address,
    output: () => output,
    ask: (method, path, body, token) => ask(`http://${address}/v1/${path}`, method, body, token),
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

async function ask(url: string, method: string, body?: object, token = ''): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: { 'X-Vault-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Answer['json'] };
}

/** Initialises and unseals; the root token and the one share. */
async function open(server: Started): Promise<{ token: string; share: string }> {
  const { json } = await server.ask('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
  const [share = ''] = json['keys_base64'] as readonly string[];
  await server.ask('PUT', 'sys/unseal', { key: share });
  return { token: String(json['root_token']), share };
}

const REFUSED = [
  '--inspect',
  '--inspect=0.0.0.0:9229',
  '--inspect-brk',
  '--inspect_brk=1',
  '--inspect-wait',
  '--inspect-port=0',
  '--heapsnapshot-signal=SIGUSR2',
  '--heapsnapshot_signal=SIGUSR2',
  '--heapsnapshot-near-heap-limit=3',
  '--heap-prof',
  '--cpu-prof',
  '--prof',
  '--report-on-signal',
  '--report-on-fatalerror',
  '--report-uncaught-exception',
  '--abort-on-uncaught-exception',
  '--tls-keylog=/tmp/keys',
  '--trace-tls',
  '--insecure-http-parser',
];

test('no option of the runtime is taken that would give secrets away', (t) => {
  for (const option of REFUSED) {
    t.truthy(revealingOption([option], undefined), option);
    t.truthy(revealingOption(['--no-deprecation', option], undefined), option);
    t.truthy(revealingOption([], option), option);
    t.truthy(revealingOption([], `--no-warnings  "${option}" `), option);
  }
  for (const option of ['--disable-sigusr1', '--max-old-space-size=512', '--no-deprecation', '']) {
    t.is(revealingOption([option], option), undefined, option);
  }
});

test('a server does not start with a debugger in its environment, and says why', async (t) => {
  const folder = temporaryFolder(t);
  const first = 'NODE_OPTIONS=--heapsnapshot-signal=SIGUSR2; export NODE_OPTIONS;';
  const { child, output } = await start(t, folder, first);
  t.is(child.exitCode, 1);
  t.regex(output(), /--heapsnapshot-signal would give away/);
  t.deepEqual(readdirSync(folder), ['config.hcl'], 'nothing was opened');
});

inLinux('no signal opens a debugger, and no crash leaves memory on disk', async (t) => {
  const server = await start(t, temporaryFolder(t));
  const pid = server.child.pid ?? 0;
  const before = listeningOf(pid);
  t.is(before.length, 1);
  process.kill(pid, 'SIGUSR1');
  t.is((await server.ask('GET', 'sys/health')).status, 501);
  t.deepEqual(listeningOf(pid), before);
  t.notRegex(server.output(), /debugger/i);
  t.regex(readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max core file size\s+0\s/);
});

test('SIGTERM ends a server with code 0, whatever its clients are about', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = await start(t, temporaryFolder(t));
    const { token } = await open(server);
    const [host = '', port] = server.address.split(':');
    const clients = [
      '', // says nothing
      'GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n', // does not end its headers
      'GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n', // keeps its connection
      `POST /v1/cubbyhole/a HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\nContent-Length: 9\r\n\r\n{`,
    ];
    for (const bytes of clients) {
      const socket = net.connect(Number(port), host, () => socket.write(bytes));
      socket.on('error', () => {});
      t.teardown(() => socket.destroy());
      await once(socket, 'connect');
    }
    t.is((await server.ask('GET', 'sys/health')).status, 200);
    const began = performance.now();
    t.deepEqual(await server.end(signal), [0, null]);
    t.true(performance.now() - began < ENDS_WITHIN_MS, signal);
  }
});

// CVE-2021-38553
inLinux('CVE-2021-38553: files are their owner’s alone, whatever the umask', async (t) => {
  const folder = temporaryFolder(t);
  const server = await start(t, folder, 'umask 0;');
  const { token } = await open(server);
  const log = join(folder, 'log', 'audit.log');
  const enabled = await server.ask('PUT', 'sys/audit/file', fileDevice(log), token);
  t.is(enabled.status, 204, JSON.stringify(enabled.json));
  for (let at = 0; at < 40; at += 1) {
    await server.ask('PUT', `cubbyhole/a${at}`, { value: 'x'.repeat(60_000) }, token);
  }
  const modes = new Map(['data', 'log'].flatMap((name) => modesBelow(join(folder, name))));
  t.true(modes.size > 5);
  const wrong = [...modes].filter(([, mode]) => (mode & 0o077) !== 0);
  t.deepEqual(wrong, [], 'while it runs');
  t.deepEqual(await server.end('SIGTERM'), [0, null]);
  const after = ['data', 'log'].flatMap((name) => modesBelow(join(folder, name)));
  t.deepEqual(
    after.filter(([, mode]) => (mode & 0o077) !== 0),
    [],
    'and after it has ended',
  );
});

// CVE-2024-8365, for a whole process
inLinux('neither the list of processes nor the log of a process names a secret', async (t) => {
  const server = await start(t, temporaryFolder(t));
  const { token, share } = await open(server);
  await server.ask('PUT', 'cubbyhole/a', { value: 'treasure-51aa' }, token);
  await server.ask('PUT', 'sys/unseal', { key: 'wrong-51aa' });
  const pid = server.child.pid ?? 0;
  const [commandLine, environment] = ['cmdline', 'environ'].map((name) =>
    readFileSync(`/proc/${pid}/${name}`, 'utf8'),
  );
  for (const secret of [token, share, 'treasure-51aa', 'wrong-51aa']) {
    t.false(commandLine?.includes(secret));
    t.false(environment?.includes(secret));
    t.false(server.output().includes(secret));
  }
});

const fileDevice = (file_path: string): object => ({ type: 'file', options: { file_path } });

/** Every file and folder with its permissions. */
function modesBelow(path: string): readonly (readonly [string, number])[] {
  const { mode } = lstatSync(path);
  const own = [path, mode & 0o777] as const;
  if (!lstatSync(path).isDirectory()) return [own];
  return [own, ...readdirSync(path).flatMap((name) => modesBelow(join(path, name)))];
}

/** The addresses at which a process waits for connections. */
function listeningOf(pid: number): readonly string[] {
  const fds = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  const sockets = new Set(fds.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  return ['tcp', 'tcp6']
    .flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && sockets.has(columns[9]))
    .map((columns) => columns[1] ?? '')
    .toSorted();
}

/** Where a descriptor leads; one that was closed meanwhile leads nowhere. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
