import test from 'ava';
import { seconds } from '#sdk/duration.ts';
import { pathFor } from '#sdk/path.ts';
import { badRequest, ClientError, notFound, permissionDenied } from '#sdk/errors.ts';
import type { Reveal } from '#server/audit/concealed.ts';
import { askedPart } from '#server/audit/asked.ts';
import { requestEntry, responseEntry, testEntry } from '#server/audit/entry.ts';
import type { HeaderTable } from '#server/audit/headers.ts';
import { fieldsJson } from '#server/audit/json.ts';
import { TokenFactsCache } from '#server/audit/token-facts.ts';
import type { Finished, Outcome, Verdict } from '#server/request/stages.ts';
import { USES_SPENT, type TokenEntry } from '#server/token/entry.ts';
import { answered, authorized, denied, mount, ROOT } from '#test/helpers/verdicts.ts';

const NOW = '2024-05-06T07:08:10.5Z';

/** Shows what a device would hash as `#text`, with accessors in clear. */
const reveal: Reveal = {
  token: ({ text }) => `#${text}`,
  accessor: ({ text }) => text,
  text: (text) => `#${text}`,
  hash: (text) => `%${text}`,
  elidesLists: false,
};

interface Written {
  readonly auth: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
}

function requestLine(verdict: Verdict, headers: HeaderTable = {}): string {
  return fieldsJson(
    requestEntry(verdict, askedPart(verdict, headers, new TokenFactsCache()), NOW),
    reveal,
  );
}

function responseLine(finished: Finished): string {
  return fieldsJson(
    responseEntry(finished, askedPart(finished.verdict, {}, new TokenFactsCache()), NOW),
    reveal,
  );
}

const request = (verdict: Verdict, headers?: HeaderTable): Written =>
  JSON.parse(requestLine(verdict, headers)) as Written;
const response = (finished: Finished): Written => JSON.parse(responseLine(finished)) as Written;

const ROOT_AUTH = {
  accessor: 'RootAccessor',
  client_token: '#hvs.root-token',
  display_name: 'root',
  policies: ['root'],
  policy_results: {
    allowed: true,
    granting_policies: [{ name: 'root', namespace_id: 'root', type: 'acl' }],
  },
  token_policies: ['root'],
  token_issue_time: '2024-05-06T07:08:09Z',
  token_type: 'service',
};

const ROOT_REQUEST = {
  client_id: '0DHqvq2D77kL2/JTPSZkTMJbkFVmUu0TzMi0jiXcFy8=',
  client_token: '#hvs.root-token',
  client_token_accessor: 'RootAccessor',
  id: '6b1f2c1e-0000-4000-8000-000000000001',
  mount_accessor: 'kv_0a1b2c3d',
  mount_class: 'secret',
  mount_point: 'flat/',
  mount_running_version: 'v1.16.3+builtin',
  mount_type: 'kv',
  namespace: { id: 'root' },
  operation: 'read',
  path: 'flat/app',
  remote_address: '127.0.0.1',
  remote_port: 50_123,
};

const MOUNT_ANSWERED = {
  mount_accessor: 'kv_0a1b2c3d',
  mount_class: 'secret',
  mount_point: 'flat/',
  mount_running_plugin_version: 'v1.16.3+builtin',
  mount_type: 'kv',
};

test('the entry of a request, field by field in order', (t) => {
  t.is(
    requestLine(authorized()),
    JSON.stringify({
      time: '2024-05-06T07:08:10.5Z',
      auth: ROOT_AUTH,
      request: ROOT_REQUEST,
      type: 'request',
    }),
  );
});

test('the entry of an answer repeats the request', (t) => {
  const finished = answered(authorized(), {
    data: { user: 'ana' },
    lease: { lease_id: '', renewable: false, lease_duration: seconds(3600) },
  });
  t.is(
    responseLine(finished),
    JSON.stringify({
      time: '2024-05-06T07:08:10.5Z',
      auth: ROOT_AUTH,
      request: ROOT_REQUEST,
      response: {
        data: { user: '#ana' },
        ...MOUNT_ANSWERED,
        secret: {},
      },
      type: 'response',
    }),
  );
});

test('a write without an answer has no data in its response', (t) => {
  const verdict = authorized({ operation: 'update', arrived: { parameters: { user: 'ana' } } });
  const entry = response({ stage: 'finished', verdict, outcome: { type: 'done' } });
  t.deepEqual(entry.response, MOUNT_ANSWERED);
  t.deepEqual(entry.request['data'], { user: '#ana' });
});

test('keys that the mount leaves clear are clear, in requests and in responses', (t) => {
  const config = {
    audit_non_hmac_request_keys: ['user'],
    audit_non_hmac_response_keys: ['name'],
  };
  const data = { user: 'ana', name: 'Ana' };
  const verdict = authorized({ mount: mount(config), arrived: { parameters: data } });
  const entry = response(answered(verdict, { data }));
  t.deepEqual(entry.request['data'], { user: 'ana', name: '#Ana' });
  t.deepEqual(entry.response['data'], { user: '#ana', name: 'Ana' });
});

interface TokenCase {
  readonly title: string;
  readonly token: Partial<TokenEntry>;
  readonly policies: readonly string[];
  readonly identityPolicies?: readonly string[];
  readonly auth: object;
  readonly clientId: string;
}

const TOKENS: readonly TokenCase[] = [
  {
    title: 'a batch token has no accessor',
    token: {
      type: 'batch',
      accessor: '',
      policies: ['default', 'reader'],
      creationTtl: seconds(1200),
    },
    policies: ['default', 'reader'],
    auth: { accessor: undefined, token_type: 'batch', token_ttl: 1200 },
    clientId: 'EUnubWptqIjVjj3Z8qVZGR6ZaMw5stIGSQncu2GnNM4=',
  },
  {
    title: 'a token without the default policy',
    token: { policies: ['reader'], creationTtl: seconds(2_764_800) },
    policies: ['reader'],
    auth: { token_policies: ['reader'], token_ttl: 2_764_800 },
    clientId: 'oLGeVjUirmimdr07xuUvly96n/8DP8JbvLQk2zSu8lg=',
  },
  {
    title: 'policies count for the client in their order, however they are stored',
    token: { policies: ['team', 'default'] },
    policies: ['default', 'team'],
    auth: { policies: ['default', 'team'], token_policies: ['team', 'default'] },
    clientId: 'B2OU2/ohvW7qUGd1PaLR21YRROSuzxPaO7nzw3H2HGI=',
  },
  {
    title: 'a token with an entity counts for the entity',
    token: { policies: ['team'], entityId: 'e-1', metadata: { username: 'ana' } },
    policies: ['personal', 'team'],
    identityPolicies: ['personal'],
    auth: {
      entity_id: 'e-1',
      identity_policies: ['personal'],
      token_policies: ['team'],
      policies: ['personal', 'team'],
      metadata: { username: 'ana' },
    },
    clientId: 'e-1',
  },
  {
    title: 'a counted token says how often it could be used before',
    token: { numUses: 2 },
    policies: ['root'],
    auth: { remaining_uses: 3 },
    clientId: ROOT_REQUEST.client_id,
  },
  {
    title: 'the last use counts, too',
    token: { numUses: USES_SPENT },
    policies: ['root'],
    auth: { remaining_uses: 1 },
    clientId: ROOT_REQUEST.client_id,
  },
];

for (const { title, token, policies, identityPolicies = [], auth, clientId } of TOKENS) {
  test(title, (t) => {
    const known = { token: { ...ROOT, ...token }, policies, identityPolicies };
    const entry = request(authorized({ known }));
    t.like(entry.auth, auth);
    t.is(entry.request['client_id'], clientId);
  });
}

test('a request without a token is nobody, and allowed where none is needed', (t) => {
  const verdict = authorized({
    known: { token: undefined },
    arrived: { token: undefined },
    grantedBy: [],
  });
  const entry = request(verdict);
  t.deepEqual(entry.auth, { policy_results: { allowed: true }, token_type: 'default' });
  const {
    client_id: _id,
    client_token: _token,
    client_token_accessor: _accessor,
    ...rest
  } = ROOT_REQUEST;
  t.deepEqual(entry.request, rest);
});

test('a token that does not hold is hashed all the same', (t) => {
  const known = { token: undefined, refusal: permissionDenied() };
  const entry = request(denied(permissionDenied(), { known }));
  t.deepEqual(entry.auth, { token_type: 'default' });
  t.is(entry.request['client_token'], '#hvs.root-token');
  t.is(entry.error, 'permission denied');
});

test('a denied request says so, and its response has the message hashed', (t) => {
  const reason = new ClientError(403, 'permission denied', { isCollected: true });
  const verdict = denied(reason);
  t.like(request(verdict), {
    auth: { policy_results: { allowed: false } },
    error: '1 error occurred:\n\t* permission denied\n\n',
  });
  const outcome: Outcome = { type: 'error', error: reason };
  t.like(response({ stage: 'finished', verdict, outcome }), {
    error: '1 error occurred:\n\t* permission denied\n\n',
    response: { data: { error: '#permission denied' } },
  });
});

const FAILURES: readonly (readonly [string, unknown, string | undefined, object | undefined])[] = [
  [
    'a mistake of the client is hashed, for it may repeat what was sent',
    badRequest('no such value: geheim'),
    '1 error occurred:\n\t* invalid request\n\n',
    { error: '#no such value: geheim' },
  ],
  [
    'a failure of the world is not told',
    new Error('password geheim refused'),
    '1 error occurred:\n\t* internal error\n\n',
    { error: '#internal error' },
  ],
  ['an absent record is no failure', notFound(), undefined, undefined],
];

for (const [title, error, text, data] of FAILURES) {
  test(title, (t) => {
    const outcome: Outcome = { type: 'error', error };
    const entry = response({ stage: 'finished', verdict: authorized(), outcome });
    t.is(entry.error, text);
    t.deepEqual(entry.response['data'], data);
  });
}

const AUTH = {
  client_token: 'hvs.new',
  accessor: 'NewAccessor',
  policies: ['personal', 'team'],
  token_policies: ['team'],
  identity_policies: ['personal'],
  metadata: { username: 'ana' },
  lease_duration: seconds(3600),
  renewable: true,
  entity_id: 'e-1',
  token_type: 'service',
  orphan: true,
  mfa_requirement: null,
  num_uses: 0,
} as const;

const NEW_AUTH = {
  accessor: 'NewAccessor',
  client_token: '#hvs.new',
  display_name: 'userpass-ana',
  entity_id: 'e-1',
  identity_policies: ['personal'],
  metadata: { username: 'ana' },
  no_default_policy: true,
  policies: ['personal', 'team'],
  token_policies: ['team'],
  token_ttl: 3600,
  token_type: 'service',
};

test('a login is who it made the token for', (t) => {
  const verdict = authorized({ known: { token: undefined }, arrived: { token: undefined } });
  const login = { auth: AUTH, noDefaultPolicy: true, isNewEntity: false };
  const entry = response(answered(verdict, { auth: AUTH, displayName: 'userpass-ana', login }));
  t.deepEqual(entry.auth, NEW_AUTH);
  t.deepEqual(entry.response, { auth: NEW_AUTH, ...MOUNT_ANSWERED });
});

test('a login whose answer is wrapped is who it made the token for, too', (t) => {
  const verdict = authorized({ known: { token: undefined }, arrived: { token: undefined } });
  const login = { auth: AUTH, noDefaultPolicy: true, isNewEntity: true };
  const entry = response(answered(verdict, { displayName: 'userpass-ana', login }));
  t.deepEqual(entry.auth, { ...NEW_AUTH, entity_created: true });
  t.deepEqual(entry.response, MOUNT_ANSWERED);
});

test('a path that is open to all spends no use of the token that is shown', (t) => {
  const path = pathFor()('open', { help: '', access: 'public', fields: {}, operations: {} });
  const known = authorized({ known: { token: { ...ROOT, numUses: 2 } } }).known;
  const admitted = { ...known.admitted, target: { path, captures: {} } };
  t.is(request(authorized({ known: { ...known, admitted } })).auth['remaining_uses'], 2);
});

test('policies are those of the token and of the entity, once, in order', (t) => {
  const known = { policies: ['team', 'default'], identityPolicies: ['personal', 'team'] };
  t.deepEqual(request(authorized({ known })).auth['policies'], ['default', 'personal', 'team']);
});

test('a token that another token made is in the response alone', (t) => {
  const made = { ...AUTH, identity_policies: [], entity_id: '', num_uses: 5, metadata: null };
  const entry = response(answered(authorized(), { auth: made, displayName: 'token' }));
  t.deepEqual(entry.auth, ROOT_AUTH);
  t.deepEqual(entry.response['auth'], {
    accessor: 'NewAccessor',
    client_token: '#hvs.new',
    display_name: 'token',
    num_uses: 5,
    policies: ['personal', 'team'],
    token_policies: ['team'],
    token_ttl: 3600,
    token_type: 'service',
  });
});

test('a wrapped answer is the wrapping token, without the data', (t) => {
  const verdict = authorized({ arrived: { wrap: { ttl: seconds(60), format: 'token' } } });
  const entry = response(
    answered(verdict, {
      data: { user: 'ana' },
      warnings: ['careful'],
      wrapInfo: {
        token: 'hvs.wrap',
        accessor: 'WrapAccessor',
        ttl: seconds(60),
        creation_time: '2024-05-06T07:08:10Z',
        creation_path: 'flat/app',
        wrapped_accessor: 'Inner',
      },
    }),
  );
  t.is(entry.request['wrap_ttl'], 60);
  t.deepEqual(entry.response, {
    ...MOUNT_ANSWERED,
    warnings: ['careful'],
    wrap_info: {
      accessor: 'WrapAccessor',
      creation_path: 'flat/app',
      creation_time: '2024-05-06T07:08:10Z',
      token: '#hvs.wrap',
      ttl: 60,
      wrapped_accessor: 'Inner',
    },
  });
});

test('a lease is named', (t) => {
  const lease = { lease_id: 'db/creds/a/b', renewable: true, lease_duration: seconds(60) };
  const entry = response(answered(authorized(), { data: { password: 'p' }, lease }));
  t.deepEqual(entry.response['secret'], { lease_id: 'db/creds/a/b' });
});

test('an answer with a form of its own is hashed whole, bytes too', (t) => {
  for (const body of ['pem', new TextEncoder().encode('pem')]) {
    const raw = { kind: 'raw', status: 200, contentType: 'text/plain', body } as const;
    t.deepEqual(response(answered(authorized(), { raw })).response['data'], {
      http_content_type: '#text/plain',
      http_raw_body: '#pem',
      http_status_code: 200,
    });
  }
});

test('an answer with a status of its own is hashed whole', (t) => {
  const data = { data: null, metadata: { version: 3 } };
  t.deepEqual(response(answered(authorized(), { status: 404, data })).response['data'], {
    http_content_type: '#application/json',
    http_raw_body: `#{"request_id":"${ROOT_REQUEST.id}","lease_id":"","renewable":false,"lease_duration":0,"data":{"data":null,"metadata":{"version":3}},"wrap_info":null,"warnings":null,"auth":null}`,
    http_status_code: 404,
  });
});

test('headers of the answer are on record', (t) => {
  const entry = response(answered(authorized(), { headers: { location: '/v1/a' } }));
  t.deepEqual(entry.response['headers'], { location: ['/v1/a'] });
});

test('configured headers are on record, hashed where that is wished', (t) => {
  const headers = { 'x-team': 'blue', 'x-note': 'geheim', 'x-other': 'o' };
  const table = {
    'x-team': { hmac: false },
    'x-note': { hmac: true },
    'x-absent': { hmac: false },
  };
  const entry = request(authorized({ arrived: { headers } }), table);
  t.deepEqual(entry.request['headers'], { 'x-note': ['%geheim'], 'x-team': ['blue'] });
  t.is(request(authorized(), table).request['headers'], undefined);
});

test('a header that holds a token is hashed whatever was configured', (t) => {
  const headers = { 'x-vault-token': 'hvs.a', authorization: 'Bearer hvs.b', cookie: 'c' };
  const table = Object.fromEntries(Object.keys(headers).map((name) => [name, { hmac: false }]));
  t.deepEqual(request(authorized({ arrived: { headers } }), table).request['headers'], {
    authorization: ['%Bearer hvs.b'],
    cookie: ['%c'],
    'x-vault-token': ['%hvs.a'],
  });
});

test('the test of a new device says no more than that', (t) => {
  t.deepEqual(JSON.parse(fieldsJson(testEntry('r-1', NOW), reveal)), {
    time: '2024-05-06T07:08:10.5Z',
    auth: { token_type: 'default' },
    request: { id: 'r-1', namespace: { id: 'root' }, operation: 'update', path: 'sys/audit/test' },
    type: 'request',
  });
});
