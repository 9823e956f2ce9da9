// The configuration file: what each setting becomes, what is warned about, what is refused.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig, parseConfig, type Config, type Surroundings } from '#server/config.ts';

const NOWHERE: Surroundings = { env: {}, networks: {} };

const parse = (text: string, surroundings: Partial<Surroundings> = {}): Config =>
  parseConfig([{ name: 'vault.hcl', text }], { ...NOWHERE, ...surroundings });

const listener = (settings: string): Config['listeners'][number] | undefined =>
  parse(`listener "tcp" {\n tls_disable = true\n ${settings}\n}`).listeners[0];

test('an empty file has every default', (t) => {
  const config = parse('');
  t.like(config, {
    storage: undefined,
    listeners: [],
    seals: [],
    api_addr: '',
    log_level: 'info',
    default_lease_ttl: 2_764_800,
    max_lease_ttl: 2_764_800,
    ui: false,
    telemetry: undefined,
    warnings: [],
  });
  t.like(config.user_lockout.userpass, { lockout_threshold: 5, lockout_duration: 900 });
});

test('the usual file of a node', (t) => {
  const config = parse(`
    ui = true
    api_addr = "https://10.0.0.1:8200"
    cluster_addr = "https://10.0.0.1:8201"
    disable_mlock = true
    default_lease_ttl = "10h"
    max_lease_ttl = 72000
    storage "raft" {
      path = "/vault/data"
      node_id = "node0"
      performance_multiplier = "1"
      autopilot_update_interval = "500ms"
      retry_join { leader_api_addr = "https://10.0.0.2:8200" }
      retry_join {
        leader_api_addr = "https://10.0.0.3:8200"
        leader_ca_cert_file = "/ca.pem"
      }
    }
    listener "tcp" {
      address = "[::]:8200"
      tls_cert_file = "/cert.pem"
      tls_key_file = "/key.pem"
    }
    telemetry { prometheus_retention_time = "60s" }
    service_registration "kubernetes" { namespace = "vault" }
    seal "shamir" { disabled = true }
  `);
  t.like(config, {
    ui: true,
    api_addr: 'https://10.0.0.1:8200',
    cluster_addr: 'https://10.0.0.1:8201',
    default_lease_ttl: 36_000,
    max_lease_ttl: 72_000,
    storage: {
      type: 'raft',
      path: '/vault/data',
      node_id: 'node0',
      performance_multiplier: 1,
      autopilot_update_interval: 0.5,
      trailing_logs: 10_000,
    },
    telemetry: { prometheus_retention_time: 60, metrics_prefix: 'vault', filter_default: true },
    warnings: [],
  });
  t.like(config.listeners[0], { type: 'tcp', address: '[::]:8200', tls_cert_file: '/cert.pem' });
  t.is(config.storage?.type === 'raft' ? config.storage.retry_join.length : 0, 2);
  t.like(config.storage?.type === 'raft' ? config.storage.retry_join[1] : {}, {
    leader_api_addr: 'https://10.0.0.3:8200',
    leader_ca_cert_file: '/ca.pem',
  });
  t.is(config.service_registration?.config.get('namespace'), 'vault');
  t.like(config.seals[0], { type: 'shamir' });
});

test('the same as JSON', (t) => {
  const config = parse(
    JSON.stringify({
      api_addr: 'http://127.0.0.1:8200',
      listener: [
        {
          tcp: {
            address: '127.0.0.1:1',
            tls_disable: 1,
            telemetry: { unauthenticated_metrics_access: true },
          },
        },
      ],
      storage: {
        raft: { path: '/d', retry_join: [{ leader_api_addr: 'a' }, { leader_api_addr: 'b' }] },
      },
      user_lockout: {
        all: { lockout_threshold: '9', lockout_duration: '10m' },
        userpass: { lockout_threshold: '2', lockout_counter_reset: '5m' },
      },
      telemetry: { prefix_filter: ['+vault.core', '-vault.runtime'], filter_default: false },
    }),
  );
  t.like(config.listeners[0], {
    tls_disable: true,
    telemetry: { unauthenticated_metrics_access: true },
  });
  t.like(config.storage, {
    type: 'raft',
    retry_join: [{ leader_api_addr: 'a' }, { leader_api_addr: 'b' }],
  });
  t.like(config.user_lockout, {
    userpass: { lockout_threshold: 2, lockout_duration: 600, lockout_counter_reset: 300 },
    approle: { lockout_threshold: 9, lockout_duration: 600, lockout_counter_reset: 900 },
  });
  t.like(config.telemetry, {
    prefix_filter: ['+vault.core', '-vault.runtime'],
    filter_default: false,
  });
  const warned = config.warnings.map(({ message }) => message);
  t.deepEqual([...new Set(warned)], ['user_lockout has no effect: users are not locked yet']);
});

const SETTINGS: readonly (readonly [string, object])[] = [
  ['', { max_request_size: 33_554_432, max_request_duration: 90, tls_min_version: 'tls12' }],
  ['', { x_forwarded_for_reject_not_present: true, x_forwarded_for_reject_not_authorized: true }],
  ['', { disable_unauthed_rekey_endpoints: true, disable_unauthed_generate_root_endpoints: true }],
  [
    '',
    {
      http_read_header_timeout: 10,
      http_read_timeout: 30,
      http_idle_timeout: 300,
      http_write_timeout: 0,
    },
  ],
  ['max_request_size = 2000', { max_request_size: 2000 }],
  ['max_request_size = "2000"', { max_request_size: 2000 }],
  ['max_request_size = 0', { max_request_size: 33_554_432 }],
  ['max_request_size = -1', { max_request_size: -1 }],
  ['max_request_duration = "1500ms"', { max_request_duration: 1.5 }],
  ['max_request_duration = 1.5', { max_request_duration: 1.5 }],
  ['http_write_timeout = 0', { http_write_timeout: 0 }],
  ['disable_unauthed_rekey_endpoints = false', { disable_unauthed_rekey_endpoints: false }],
  [
    'redact_version = "true"\nredact_addresses = 1',
    { redact_version: true, redact_addresses: true },
  ],
  [
    'x_forwarded_for_authorized_addrs = "10.0.0.0/8, ::1"',
    { x_forwarded_for_authorized_addrs: ['10.0.0.0/8', '::1'] },
  ],
  [
    'x_forwarded_for_authorized_addrs = ["10.0.0.1"]',
    { x_forwarded_for_authorized_addrs: ['10.0.0.1'] },
  ],
  ['x_forwarded_for_reject_not_present = "false"', { x_forwarded_for_reject_not_present: false }],
  [
    'tls_cipher_suites = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"',
    { tls_cipher_suites: ['ECDHE-RSA-AES256-GCM-SHA384'] },
  ],
  [
    'telemetry { unauthenticated_metrics_access = true }',
    { telemetry: { unauthenticated_metrics_access: true } },
  ],
  [
    'inflight_requests_logging { unauthenticated_in_flight_requests_access = true }',
    { inflight_requests_logging: { unauthenticated_in_flight_requests_access: true } },
  ],
  ['', { address: '127.0.0.1:8200' }],
];

for (const [settings, expected] of SETTINGS) {
  test(`a listener with ${settings || 'nothing'} has ${JSON.stringify(expected)}`, (t) => {
    t.like(listener(settings), expected);
  });
}

const headers = (settings: string): unknown =>
  [...(listener(settings)?.custom_response_headers ?? [])].map(([status, values]) => [
    status,
    [...values],
  ]);

test('response headers are kept by status, with the one that browsers need', (t) => {
  const always = ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'];
  t.deepEqual(headers(''), [['default', [always]]]);
  t.deepEqual(
    headers('custom_response_headers { "2xx" = { "X-A" = ["b", "c"] }\n "404" = { B = "d" } }'),
    [
      ['2xx', [['X-A', 'b; c']]],
      ['404', [['B', 'd']]],
      ['default', [always]],
    ],
  );
  t.deepEqual(
    headers('custom_response_headers { default = { "strict-transport-security" = ["x"] } }'),
    [['default', [['strict-transport-security', 'x']]]],
  );
});

const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
  'broken HCL': ['ui', "At 1:3: key 'ui' expected start of object ('{') or assignment ('=')"],
  'a flag that is none': [
    'ui = "yes"',
    'At 1:6: invalid value for ui: strconv.ParseBool: parsing "yes": invalid syntax',
  ],
  'a number that is none': [
    'cache_size = "5k"',
    'At 1:14: invalid value for cache_size: strconv.ParseInt: parsing "5k": invalid syntax',
  ],
  'a fraction as a number': [
    'cache_size = 1.5',
    'At 1:14: invalid value for cache_size: strconv.ParseInt: parsing "1.5": invalid syntax',
  ],
  'a duration that is none': [
    '\nmax_lease_ttl = "5x"',
    'At 2:17: invalid value for max_lease_ttl: time: unknown unit "x" in duration "5x"',
  ],
  'a list for a text': [
    'api_addr = ["a"]',
    'At 1:12: invalid value for api_addr: a text is needed here',
  ],
  'a text for a block': [
    'telemetry = "x"',
    'At 1:13: invalid value for telemetry: a block is needed here',
  ],
  'a metrics filter without a sign': [
    'telemetry { prefix_filter = ["vault"] }',
    `At 1:29: invalid value for telemetry: invalid value for prefix_filter: Filter rule must begin with either '+' or '-': "vault"`,
  ],
  'two stores': [
    'storage "inmem" {}\nstorage "raft" {}',
    'At 2:1: only one "storage" block is permitted',
  ],
  'an unknown store': ['storage "consul" {}', 'At 1:1: Unknown storage type consul'],
  'a store without a type': ['storage { path = "x" }', 'At 1:1: Unknown storage type storage'],
  'files without a folder': ['storage "file" {}', "At 1:1: 'path' must be set"],
  'a listener without a type': [
    'listener { address = "x" }',
    'At 1:1: listener type must be specified',
  ],
  'an unknown listener': ['listener "udp" {}', 'At 1:1: unsupported listener type "udp"'],
  'TLS without a certificate': [
    'listener "tcp" {}',
    "At 1:1: 'tls_cert_file' and 'tls_key_file' must be set unless 'tls_disable' is true",
  ],
  'a socket without a path': ['listener "unix" {}', "At 1:1: 'address' must be set"],
  'an old TLS': [
    'listener "tcp" {\n tls_min_version = "tls10" }',
    'At 2:20: invalid value for tls_min_version: "tls10" is not one of "tls12", "tls13"',
  ],
  'TLS versions the wrong way round': [
    'listener "tcp" {\n tls_disable = 1\n tls_min_version = "tls13"\n tls_max_version = "tls12" }',
    "At 1:1: 'tls_max_version' must be greater than or equal to 'tls_min_version'",
  ],
  'client certificates both ways': [
    'listener "tcp" {\n tls_disable = 1\n tls_require_and_verify_client_cert = 1\n tls_disable_client_certs = 1 }',
    "At 1:1: 'tls_require_and_verify_client_cert' and 'tls_disable_client_certs' are mutually exclusive",
  ],
  'an unknown cipher': [
    'listener "tcp" { tls_cipher_suites = "X" }',
    'At 1:38: invalid value for tls_cipher_suites: unsupported cipher "X"',
  ],
  'a network that is none': [
    'listener "tcp" { x_forwarded_for_authorized_addrs = "10.0.0.0/33" }',
    'At 1:53: invalid value for x_forwarded_for_authorized_addrs: Unable to convert "10.0.0.0/33" to an address or network',
  ],
  'negative hops': [
    'listener "tcp" { tls_disable = 1\n x_forwarded_for_hop_skips = -1 }',
    'At 1:1: x_forwarded_for_hop_skips cannot be negative but set to -1',
  ],
  'an unknown proxy behaviour': [
    'listener "tcp" { proxy_protocol_behavior = "x" }',
    'At 1:44: invalid value for proxy_protocol_behavior: "x" is not one of "", "use_always", "allow_authorized", "deny_unauthorized"',
  ],
  'proxies that nobody may be': [
    'listener "tcp" { tls_disable = 1\n proxy_protocol_behavior = "deny_unauthorized" }',
    `At 1:1: proxy_protocol_behavior "deny_unauthorized" needs 'proxy_protocol_authorized_addrs'`,
  ],
  'a header of our own': [
    'listener "tcp" { custom_response_headers { default = { "X-Vault-A" = "b" } } }',
    'At 1:70: invalid value for custom_response_headers: header "X-Vault-A" may not be set',
  ],
  'a header with a line break': [
    'listener "tcp" { custom_response_headers { default = { A = "b\\r\\nC: d" } } }',
    'At 1:60: invalid value for custom_response_headers: header A has a line break',
  ],
  'a status that is none': [
    'listener "tcp" { custom_response_headers { "6xx" = { A = "b" } } }',
    'At 1:52: invalid value for custom_response_headers: invalid status code "6xx"',
  ],
  'an unknown type to lock out': [
    'user_lockout "ssh" {}',
    'At 1:1: unsupported auth type "ssh" in user_lockout',
  ],
  'a template that is not known': [
    'api_addr = "http://{{ GetAllInterfaces | sort }}:8200"',
    'At 1:12: invalid value for api_addr: unable to parse address template "http://{{ GetAllInterfaces | sort }}:8200": GetPrivateIP, GetPublicIP and GetInterfaceIP "NAME" are understood',
  ],
  'a template that finds nothing': [
    'api_addr = "{{ GetPublicIP }}"',
    'At 1:12: invalid value for api_addr: no addresses found, please configure one',
  ],
};

for (const [title, [text, reason]] of Object.entries(REFUSED)) {
  test(`refuses ${title}`, (t) => {
    const message = `error loading configuration from vault.hcl: ${reason}`;
    t.throws(() => parse(text), { name: 'ConfigError', message });
  });
}

const WARNED: Readonly<Record<string, readonly [string, number, string]>> = {
  'an unknown setting': [
    '\n\n  foo = 1',
    3,
    'unknown or unsupported field foo found in configuration at vault.hcl:3:3',
  ],
  'an unknown stanza': [
    'foo "bar" {}',
    1,
    'unknown or unsupported field foo found in configuration at vault.hcl:1:1',
  ],
  'an unknown setting of a listener': [
    'listener "tcp" {\n tls_disable = 1\n foo = 1 }',
    3,
    'unknown or unsupported field foo found in configuration at vault.hcl:3:2',
  ],
  'an unknown setting of a store': [
    'storage "inmem" {\n foo = 1 }',
    2,
    'unknown or unsupported field foo found in configuration at vault.hcl:2:2',
  ],
  'an unknown setting of telemetry': [
    'telemetry { foo = 1 }',
    1,
    'unknown or unsupported field foo found in configuration at vault.hcl:1:13',
  ],
  'a setting without effect': [
    'plugin_directory = "/p"',
    1,
    'plugin_directory has no effect: engines and auth methods are built in',
  ],
  'forwarding that nobody may do': [
    'listener "tcp" {\n tls_disable = 1\n x_forwarded_for_hop_skips = 1 }',
    3,
    'x_forwarded_for_authorized_addrs is not set, so forwarding is not enabled but x_forwarded_for_hop_skips was set',
  ],
};

for (const [title, [text, line, message]] of Object.entries(WARNED)) {
  test(`warns of ${title}`, (t) => {
    t.deepEqual(parse(text).warnings, [{ message, file: 'vault.hcl', line }]);
  });
}

test('the environment goes before the file', (t) => {
  const env = {
    VAULT_API_ADDR: 'https://a:8200',
    VAULT_CLUSTER_ADDR: 'https://a:8201',
    VAULT_LOG_LEVEL: 'debug',
    VAULT_RAFT_NODE_ID: 'me',
    VAULT_DISABLE_USER_LOCKOUT: 'true',
  };
  const text = 'api_addr = "b"\nlog_level = "warn"\nstorage "raft" { path = "/d"\n node_id = "x" }';
  const config = parse(text, { env });
  t.like(config, {
    api_addr: 'https://a:8200',
    cluster_addr: 'https://a:8201',
    log_level: 'debug',
  });
  t.like(config.storage, { path: '/d', node_id: 'me' });
  t.true(config.user_lockout.userpass.disable_lockout);
  t.is(parse(text).log_level, 'warn');
  t.is(parse('', { env: { VAULT_REDIRECT_ADDR: 'old', VAULT_API_ADDR: '' } }).api_addr, 'old');
});

const networks = {
  lo: ['127.0.0.1', '::1'],
  eth0: ['fe80::1', 'fd00::5', '10.1.2.3'],
  eth1: ['198.51.100.7', '2001:db8::7'],
  eth2: ['2001:db8::9'],
};
const TEMPLATES: readonly (readonly [string, string])[] = [
  ['https://{{ GetPrivateIP }}:8200', 'https://10.1.2.3:8200'],
  ['{{GetPublicIP}}:8200', '198.51.100.7:8200'],
  [String.raw`https://{{ GetInterfaceIP \"eth2\" }}:8200`, 'https://[2001:db8::9]:8200'],
  ['https://plain:8200', 'https://plain:8200'],
];

for (const [template, expected] of TEMPLATES) {
  test(`${template} becomes ${expected}`, (t) => {
    t.is(parse(`api_addr = "${template}"`, { networks }).api_addr, expected);
  });
}

test('what the environment says is read like a file', (t) => {
  t.true(parse('ui = false', { env: { VAULT_UI: '1' } }).ui);
  t.throws(() => parse('', { env: { VAULT_LOG_LEVEL: 'loud' } }), {
    message:
      'error loading configuration from the environment: invalid value for log_level: "loud" is not one of "trace", "debug", "info", "warn", "error"',
  });
});

for (const [word, level] of [
  ['WARN', 'warn'],
  ['warning', 'warn'],
  ['err', 'error'],
  ['notice', 'info'],
  ['', 'info'],
  [' trace ', 'trace'],
] as const) {
  test(`log_level ${JSON.stringify(word)} is ${level}`, (t) => {
    t.is(parse(`log_level = "${word}"`).log_level, level);
  });
}

test('leases are not longer as usual than they may be at most', (t) => {
  const message = 'cannot have DefaultLeaseTTL larger than MaxLeaseTTL';
  t.throws(() => parse('default_lease_ttl = "2h"\nmax_lease_ttl = "1h"'), { message });
  t.throws(() => parse('max_lease_ttl = "1h"'), { name: 'ConfigError', message });
  t.notThrows(() => parse('default_lease_ttl = "1h"\nmax_lease_ttl = "1h"'));
});

test('addresses in the store of an old file are those of the node', (t) => {
  const text = 'storage "inmem" { advertise_addr = "a"\n cluster_addr = "c" }';
  t.like(parse(text), { api_addr: 'a', cluster_addr: 'c' });
  t.like(parse(`${text}\napi_addr = "b"`), { api_addr: 'b', cluster_addr: 'c' });
});

test('files of a folder are merged in order, later ones win, listeners add up', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write(
    'a.hcl',
    'ui = true\nlog_level = "warn"\nlistener "tcp" { tls_disable = 1\n address = "a" }\nstorage "inmem" {}',
  );
  write(
    'b.json',
    '{"log_level": "debug", "listener": {"tcp": {"tls_disable": true, "address": "b"}}, "odd": 1}',
  );
  write('c.txt', 'not a configuration');
  write('.#a.hcl', 'nor this');
  mkdirSync(join(folder, 'd.hcl'));
  const config = loadConfig([folder], NOWHERE);
  t.like(config, { ui: true, log_level: 'debug', storage: { type: 'inmem' } });
  t.deepEqual(
    config.listeners.map(({ address }) => address),
    ['a', 'b'],
  );
  t.deepEqual(
    config.warnings.map(({ file }) => file),
    [join(folder, 'b.json')],
  );
  t.throws(() => loadConfig([join(folder, 'none.hcl')], NOWHERE), { code: 'ENOENT' });
  t.throws(() => loadConfig([join(folder, 'c.txt')], NOWHERE), {
    name: 'ConfigError',
    message: /c\.txt: At 1:/,
  });
});
