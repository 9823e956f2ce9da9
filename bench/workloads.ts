// Each kind of work: what must be there first, and the request that wrk repeats, as Lua.

/** Sends a request with the root token, and answers its body. */
export type Call = (method: string, path: string, body?: unknown) => Promise<Body>;

/** An answer of Vault's API, as far as a setup reads it. */
export interface Body {
  readonly auth?: { readonly client_token: string };
  readonly data?: Readonly<Record<string, string>>;
}

export interface Workload {
  readonly needs?: 'postgres';
  /** Makes what the load needs; other loads of the same engine need it too. */
  readonly setup?: (call: Call, postgres: string) => Promise<Made>;
  readonly lua: (token: string, made: Made) => string;
}

/** What a setup found out, for the load. */
export type Made = Readonly<Record<string, string>>;

const SECRETS = 1000;
const POLICY_RULES = 50;
const INPUT = Buffer.alloc(128, 'x').toString('base64');
const SECRET = { username: 'user', password: 'correct horse battery staple' };
const ISSUE = { common_name: 'a.example.com' };
const CREATION =
  "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';";

export const WORKLOADS: Readonly<Record<string, Workload>> = {
  health: { lua: () => get('/v1/sys/health', '') },
  'token-lookup-self': { lua: (token) => get('/v1/auth/token/lookup-self', token) },
  'kv2-read': { setup: writeSecrets, lua: readRandom },
  'kv2-read-policy': {
    setup: longPolicy,
    lua: (_, { token = '' }) => get('/v1/secret/data/app/s7', token),
  },
  'kv2-write': { lua: writeInTurn },
  'token-create': {
    lua: (token) => post('/v1/auth/token/create', token, { policies: ['default'], ttl: '10m' }),
  },
  'approle-login': {
    setup: approle,
    lua: (_, made) => post('/v1/auth/approle/login', '', made),
  },
  'transit-encrypt': {
    setup: transit,
    lua: (token) => post('/v1/transit/encrypt/aes', token, { plaintext: INPUT }),
  },
  'transit-sign-p256': {
    lua: (token) => post('/v1/transit/sign/p256', token, { input: INPUT }),
  },
  'pki-issue-p256': { setup: pki, lua: (token) => post('/v1/pki/issue/bench', token, ISSUE) },
  'pki-issue-p256-no-store': {
    lua: (token) => post('/v1/pki/issue/transient', token, ISSUE),
  },
  wrap: { lua: wrap },
  'database-creds': {
    needs: 'postgres',
    setup: database,
    lua: (token) => get('/v1/database/creds/bench', token),
  },
};

function get(at: string, token: string): string {
  return `wrk.method = "GET"\nwrk.path = "${at}"\n${tokenHeader(token)}`;
}

function post(at: string, token: string, body: unknown): string {
  return `wrk.method = "POST"
wrk.path = "${at}"
${tokenHeader(token)}
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[${JSON.stringify(body)}]==]`;
}

function tokenHeader(token: string): string {
  return token === '' ? '' : `wrk.headers["X-Vault-Token"] = "${token}"`;
}

async function writeSecrets(call: Call): Promise<Made> {
  for (let n = 0; n < SECRETS; n += 1) {
    const data = { ...SECRET, username: `user${n}`, url: 'https://example.com/' };
    await call('POST', `secret/data/app/s${n}`, { data });
  }
  return {};
}

function readRandom(token: string): string {
  return `local n = 0
function request()
  n = (n * 1103515245 + 12345) % 2147483648
  return wrk.format("GET", "/v1/secret/data/app/s" .. (n % ${SECRETS}), {["X-Vault-Token"]="${token}"})
end`;
}

function writeInTurn(token: string): string {
  const data = JSON.stringify(SECRET).slice(0, -1);
  return `local n = 0
local headers = {["X-Vault-Token"]="${token}", ["Content-Type"]="application/json"}
function request()
  n = n + 1
  return wrk.format("POST", "/v1/secret/data/load/w" .. (n % ${SECRETS}), headers, '{"data":${data},"n":"' .. n .. '"}}')
end`;
}

/** A token whose policy has many rules, of which the last one allows. */
async function longPolicy(call: Call): Promise<Made> {
  const others = Array.from({ length: POLICY_RULES }, (_, n) => readRule(`secret/data/team${n}/*`));
  const policy = [...others, readRule('secret/data/app/*')].join('\n');
  await call('PUT', 'sys/policies/acl/bench', { policy });
  const { auth } = await call('POST', 'auth/token/create', { policies: ['bench'], ttl: '1h' });
  return { token: auth?.client_token ?? '' };
}

function readRule(path: string): string {
  return `path "${path}" { capabilities = ["read"] }`;
}

async function approle(call: Call): Promise<Made> {
  await call('POST', 'sys/auth/approle', { type: 'approle' });
  const role = 'auth/approle/role/bench';
  await call('POST', role, { token_policies: 'default', token_ttl: '10m', secret_id_num_uses: 0 });
  const { data: id } = await call('GET', `${role}/role-id`);
  const { data: secret } = await call('POST', `${role}/secret-id`, {});
  return { role_id: id?.['role_id'] ?? '', secret_id: secret?.['secret_id'] ?? '' };
}

async function transit(call: Call): Promise<Made> {
  await call('POST', 'sys/mounts/transit', { type: 'transit' });
  await call('POST', 'transit/keys/aes', {});
  await call('POST', 'transit/keys/p256', { type: 'ecdsa-p256' });
  return {};
}

async function pki(call: Call): Promise<Made> {
  const key = { key_type: 'ec', key_bits: 256 };
  const ttl = '87600h';
  await call('POST', 'sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: ttl } });
  await call('POST', 'pki/root/generate/internal', { common_name: 'example.com', ttl, ...key });
  const role = { allow_any_name: true, ttl: '1h', ...key };
  await call('POST', 'pki/roles/bench', { ...role, generate_lease: false });
  await call('POST', 'pki/roles/transient', { ...role, no_store: true });
  return {};
}

function wrap(token: string): string {
  const headers = `{["X-Vault-Token"]="${token}", ["X-Vault-Wrap-TTL"]="60s", ["Content-Type"]="application/json"}`;
  return `local headers = ${headers}
function request() return wrk.format("POST", "/v1/sys/wrapping/wrap", headers, '{"a":"b"}') end`;
}

async function database(call: Call, postgres: string): Promise<Made> {
  const { username, password, host, pathname } = new URL(postgres);
  await call('POST', 'sys/mounts/database', { type: 'database' });
  await call('POST', 'database/config/pg', {
    plugin_name: 'postgresql-database-plugin',
    allowed_roles: '*',
    username,
    password,
    max_open_connections: 8,
    connection_url: `postgresql://{{username}}:{{password}}@${host}${pathname}?sslmode=disable`,
  });
  await call('POST', 'database/roles/bench', {
    db_name: 'pg',
    default_ttl: '1h',
    creation_statements: [CREATION],
  });
  return {};
}
