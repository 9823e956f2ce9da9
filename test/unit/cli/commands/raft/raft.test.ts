import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { data, NOTHING, refused, vault } from '../../support/command-line.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const raft = (...args: readonly string[]): string[] => ['operator', 'raft', ...args];

test('join sends the leader and its certificates', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'ca.pem'), 'PEM');
  const { stdout, asked } = await vault(
    raft('join', `-leader-ca-cert=@${join(folder, 'ca.pem')}`, '-retry', 'http://x:8200'),
    {
      answers: { 'POST sys/storage/raft/join': { body: { joined: true } } },
    },
  );
  t.is(stdout, 'Key       Value\n---       -----\nJoined    true\n');
  t.deepEqual(asked[0]?.body, {
    leader_api_addr: 'http://x:8200',
    leader_ca_cert: 'PEM',
    leader_client_cert: '',
    leader_client_key: '',
    retry: true,
    non_voter: false,
  });
});

const SERVERS = [
  { node_id: 'node0', address: '127.0.0.1:8201', leader: true, voter: true, protocol_version: '3' },
  {
    node_id: 'node1',
    address: '127.0.0.1:8301',
    leader: false,
    voter: false,
    protocol_version: '3',
  },
];

test('list-peers', async (t) => {
  const { stdout } = await vault(raft('list-peers'), {
    answers: { 'GET sys/storage/raft/configuration': data({ config: { servers: SERVERS } }) },
  });
  t.is(
    stdout,
    'Node     Address           State       Voter\n----     -------           -----       -----\nnode0    127.0.0.1:8201    leader      true\nnode1    127.0.0.1:8301    follower    false\n',
  );
});

test('remove-peer', async (t) => {
  const { stdout, asked } = await vault(raft('remove-peer', 'node1'), {
    answers: { 'POST sys/storage/raft/remove-peer': NOTHING },
  });
  t.is(stdout, 'Peer removed successfully!\n');
  t.deepEqual(asked[0]?.body, { server_id: 'node1' });
  const none = await vault(raft('remove-peer'));
  t.deepEqual([none.exit, none.stderr], [1, 'Incorrect arguments (expected 1, got 0)\n']);
});

const CONFIG = {
  cleanup_dead_servers: false,
  dead_server_last_contact_threshold: '24h0m0s',
  last_contact_threshold: '10s',
  max_trailing_logs: 1000,
  min_quorum: 0,
  server_stabilization_time: '10s',
};

test('autopilot get-config', async (t) => {
  const answers = { 'GET sys/storage/raft/autopilot/configuration': data(CONFIG) };
  t.is(
    (await vault(raft('autopilot', 'get-config'), { answers })).stdout,
    `Key                                   Value
---                                   -----
Cleanup Dead Servers                  false
Last Contact Threshold                10s
Dead Server Last Contact Threshold    24h0m0s
Server Stabilization Time             10s
Min Quorum                            0
Max Trailing Logs                     1000
`,
  );
  t.deepEqual(
    JSON.parse((await vault(raft('autopilot', 'get-config', '-format=json'), { answers })).stdout),
    CONFIG,
  );
});

test('autopilot set-config sends only what was typed', async (t) => {
  const { asked, stdout } = await vault(
    raft(
      'autopilot',
      'set-config',
      '-cleanup-dead-servers',
      '-min-quorum=3',
      '-last-contact-threshold=5s',
    ),
    {
      answers: { 'POST sys/storage/raft/autopilot/configuration': NOTHING },
    },
  );
  t.is(stdout, '');
  t.deepEqual(asked[0]?.body, {
    cleanup_dead_servers: true,
    min_quorum: 3,
    last_contact_threshold: '5s',
  });
});

const STATE = {
  healthy: true,
  failure_tolerance: 0,
  leader: 'node0',
  voters: ['node0'],
  servers: {
    node0: {
      id: 'node0',
      name: 'node0',
      address: '127.0.0.1:8201',
      node_status: 'alive',
      last_contact: '0s',
      last_term: 3,
      last_index: 40,
      healthy: true,
      stable_since: '2024-01-01T00:00:00Z',
      status: 'leader',
      version: '1.16.3',
      node_type: 'voter',
    },
  },
};

test('autopilot state', async (t) => {
  const answers = { 'GET sys/storage/raft/autopilot/state': data(STATE) };
  t.is(
    (await vault(raft('autopilot', 'state'), { answers })).stdout,
    `Healthy:                         true
Failure Tolerance:               0
Leader:                          node0
Voters:
   node0
Servers:
   node0
      Name:              node0
      Address:           127.0.0.1:8201
      Status:            leader
      Node Status:       alive
      Healthy:           true
      Last Contact:      0s
      Last Term:         3
      Last Index:        40
      Version:           1.16.3
      Node Type:         voter
`,
  );
  const json = JSON.parse(
    (await vault(raft('autopilot', 'state', '-format=json'), { answers })).stdout,
  ) as object;
  t.like(json, {
    Healthy: true,
    Leader: 'node0',
    Voters: ['node0'],
    NonVoters: null,
    Upgrade: null,
  });
});

/** A tar archive of one file, gzipped. */
function archive(...files: readonly (readonly [name: string, content: string])[]): Buffer {
  const parts = files.flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(content.length.toString(8).padStart(11, '0'), 124);
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    body.write(content);
    return [header, body];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

test('a snapshot is saved for its owner alone, and restored as it was', async (t) => {
  const file = join(temporaryFolder(t), 'a.snap');
  const snapshot = archive(
    ['meta.json', '{"ID":"s","Size":5,"Index":7,"Term":2,"Version":1}'],
    ['state.bin', 'x'.repeat(200_000)],
    ['SHA256SUMS', 'sums'],
    ['SHA256SUMS.sealed', 'sealed'],
  );
  const save = await vault(raft('snapshot', 'save', file), {
    answers: { 'GET sys/storage/raft/snapshot': { raw: snapshot } },
  });
  t.deepEqual([save.exit, save.stdout, save.stderr], [0, '', '']);
  t.deepEqual(readFileSync(file), snapshot);
  t.is(statSync(file).mode & 0o777, 0o600);
  const restore = await vault(raft('snapshot', 'restore', file), {
    answers: { 'POST sys/storage/raft/snapshot': NOTHING },
  });
  t.deepEqual([restore.exit, restore.asked[0]?.body], [0, snapshot]);
  const force = await vault(raft('snapshot', 'restore', '-force', file), {
    answers: { 'POST sys/storage/raft/snapshot-force': NOTHING },
  });
  t.is(force.exit, 0);
  const inspect = await vault(raft('snapshot', 'inspect', file));
  t.is(inspect.stdout, 'ID         s\nSize       5\nIndex      7\nTerm       2\nVersion    1\n');
});

test('half a snapshot is not kept, nor is a refusal', async (t) => {
  const file = join(temporaryFolder(t), 'a.snap');
  const snapshot = archive(['meta.json', '{}'], ['SHA256SUMS.sealed', 'sealed']);
  const unsealed = archive(['meta.json', '{}'], ['SHA256SUMS', 'sums']);
  for (const raw of [snapshot.subarray(0, 30), snapshot.subarray(0, -4), unsealed]) {
    const half = await vault(raft('snapshot', 'save', file), {
      answers: { 'GET sys/storage/raft/snapshot': { raw } },
    });
    t.is(half.exit, 2);
    t.regex(half.stderr, /incomplete snapshot, unable to read SHA256SUMS.sealed file/);
  }
  const denied = await vault(raft('snapshot', 'save', file), {
    answers: { 'GET sys/storage/raft/snapshot': refused(403, 'permission denied') },
  });
  t.regex(denied.stderr, /^Error taking the snapshot: Error making API request/);
  t.deepEqual(readdirSync(dirname(file)), []);
});

test('a snapshot that is not there is not restored', async (t) => {
  const { exit, stderr, asked } = await vault(raft('snapshot', 'restore', '/no/such.snap'));
  t.deepEqual(
    [exit, stderr, asked.length],
    [2, 'Error opening policy file: open /no/such.snap: no such file or directory\n', 0],
  );
  t.is((await vault(raft('snapshot', 'save'))).stderr, 'Incorrect arguments (expected 1, got 0)\n');
  t.is((await vault(raft('snapshot', 'inspect', '/no/such.snap'))).exit, 1);
});
