import test from 'ava';
import { data, NOTHING, refused, TOKEN, vault } from '../../support/command-line.ts';

const AUTH = {
  client_token: 'hvs.new',
  accessor: 'acc',
  policies: ['default'],
  token_policies: ['default'],
  lease_duration: 3600,
  renewable: true,
};
const GRANTED = data(null, { auth: AUTH });

test('create sends only what was typed', async (t) => {
  const plain = await vault(['token', 'create'], {
    answers: { 'POST auth/token/create': GRANTED },
  });
  t.deepEqual(plain.asked[0]?.body, {
    ttl: '0s',
    explicit_max_ttl: '0s',
    period: '0s',
    display_name: '',
    num_uses: 0,
    renewable: true,
    type: 'service',
  });
  t.is(
    plain.stdout,
    'Key                  Value\n---                  -----\ntoken                hvs.new\ntoken_accessor       acc\ntoken_duration       1h\ntoken_renewable      true\ntoken_policies       ["default"]\nidentity_policies    []\npolicies             ["default"]\n',
  );
});

test('create with everything', async (t) => {
  const flags = [
    '-id=x',
    '-policy=a',
    '-policy=b',
    '-metadata=k=v',
    '-ttl=1h',
    '-explicit-max-ttl=2h',
    '-period=30m',
    '-orphan',
    '-no-default-policy',
    '-display-name=d',
    '-use-limit=3',
    '-renewable=false',
    '-type=batch',
    '-entity-alias=e',
    '-role=r',
    '-field=token',
  ];
  const { stdout, asked } = await vault(['token', 'create', ...flags], {
    answers: { 'POST auth/token/create/r': GRANTED },
  });
  t.is(stdout, 'hvs.new');
  t.deepEqual(asked[0]?.body, {
    id: 'x',
    policies: ['a', 'b'],
    meta: { k: 'v' },
    entity_alias: 'e',
    no_parent: true,
    no_default_policy: true,
    ttl: '1h0m0s',
    explicit_max_ttl: '2h0m0s',
    period: '30m0s',
    display_name: 'd',
    num_uses: 3,
    renewable: false,
    type: 'batch',
  });
});

const REQUESTS: readonly (readonly [readonly string[], string, unknown])[] = [
  [['lookup'], 'GET auth/token/lookup-self', undefined],
  [['lookup', 'hvs.t'], 'POST auth/token/lookup', { token: 'hvs.t' }],
  [['lookup', '-accessor', 'acc'], 'POST auth/token/lookup-accessor', { accessor: 'acc' }],
  [['renew'], 'PUT auth/token/renew-self', { increment: 0 }],
  [
    ['renew', '-increment=30m', 'hvs.t'],
    'PUT auth/token/renew',
    { token: 'hvs.t', increment: 1800 },
  ],
  [
    ['renew', '-accessor', 'acc'],
    'POST auth/token/renew-accessor',
    { accessor: 'acc', increment: 0 },
  ],
  [['revoke', 'hvs.t'], 'PUT auth/token/revoke', { token: 'hvs.t' }],
  [['revoke', '-self'], 'PUT auth/token/revoke-self', undefined],
  [['revoke', '-accessor', 'acc'], 'POST auth/token/revoke-accessor', { accessor: 'acc' }],
  [['revoke', '-mode=orphan', 'hvs.t'], 'PUT auth/token/revoke-orphan', { token: 'hvs.t' }],
  [
    ['revoke', '-mode=path', 'auth/userpass'],
    'PUT sys/leases/revoke-prefix/auth/userpass',
    undefined,
  ],
  [['capabilities', 'a/b'], 'POST sys/capabilities-self', { token: TOKEN, path: 'a/b' }],
  [['capabilities', TOKEN, 'a/b'], 'POST sys/capabilities-self', { token: TOKEN, path: 'a/b' }],
  [['capabilities', 'hvs.t', 'a/b'], 'POST sys/capabilities', { token: 'hvs.t', path: 'a/b' }],
  [
    ['capabilities', '-accessor', 'acc', 'a/b'],
    'POST sys/capabilities-accessor',
    { accessor: 'acc', path: 'a/b' },
  ],
];
for (const [args, request, body] of REQUESTS) {
  test(`token ${args.join(' ')} asks ${request}`, async (t) => {
    const answer = args[0] === 'revoke' ? NOTHING : data({ capabilities: ['read', 'list'] });
    const { exit, asked, stderr } = await vault(['token', ...args], {
      answers: { [request]: answer },
    });
    t.is(exit, 0, stderr);
    t.deepEqual(asked[0]?.body, body);
  });
}

const REFUSED: readonly (readonly [readonly string[], string])[] = [
  [['lookup', 'a', 'b'], 'Too many arguments (expected 0-1, got 2)'],
  [['lookup', '-accessor'], 'Not enough arguments with -accessor (expected 1, got 0)'],
  [['revoke'], 'Not enough arguments (expected 1 or -self, got 0)'],
  [['revoke', 'a', 'b'], 'Too many arguments (expected 1 or -self, got 2)'],
  [['revoke', '-self', 'a'], 'Too many arguments with -self (expected 0, got 1)'],
  [['revoke', '-self', '-accessor'], 'Cannot use -self with -accessor!'],
  [['revoke', '-self', '-mode=orphan'], 'Cannot use -self with -mode!'],
  [['revoke', '-accessor', '-mode=orphan', 'a'], 'Cannot use -accessor with -mode=orphan!'],
  [['revoke', '-mode=x', 'a'], 'Invalid mode: x'],
  [['capabilities'], 'Not enough arguments (expected 1-2, got 0)'],
  [['create', 'x'], 'Too many arguments (expected 0, got 1)'],
];
for (const [args, message] of REFUSED) {
  test(`token ${args.join(' ')} is refused`, async (t) => {
    const { exit, stderr, asked } = await vault(['token', ...args]);
    t.deepEqual([exit, stderr, asked.length], [1, `${message}\n`, 0]);
  });
}

test('lookup shows durations and what is empty', async (t) => {
  const { stdout } = await vault(['token', 'lookup'], {
    answers: {
      'GET auth/token/lookup-self': data({
        creation_ttl: 3600,
        entity_id: '',
        meta: null,
        policies: ['default'],
        ttl: 3599,
      }),
    },
  });
  t.is(
    stdout,
    'Key             Value\n---             -----\ncreation_ttl    1h\nentity_id       n/a\nmeta            <nil>\npolicies        [default]\nttl             59m59s\n',
  );
});

test('capabilities are sorted, one line for people and a list for programs', async (t) => {
  const answers = {
    'POST sys/capabilities-self': data({ 'a/b': ['read', 'list'], capabilities: ['read', 'list'] }),
  };
  t.is((await vault(['token', 'capabilities', 'a/b'], { answers })).stdout, 'list, read\n');
  t.is(
    (await vault(['token', 'capabilities', '-format=json', 'a/b'], { answers })).stdout,
    '[\n  "list",\n  "read"\n]\n',
  );
});

test('a token that is refused is not repeated', async (t) => {
  const { stderr, exit } = await vault(['token', 'lookup', 'hvs.secret-token'], {
    answers: { 'POST auth/token/lookup': refused(403, 'bad token') },
  });
  t.is(exit, 2);
  t.regex(
    stderr,
    /^Error looking up token: Error making API request\.\n\nURL: POST \S+\/v1\/auth\/token\/lookup\nCode: 403\. Errors:\n\n\* bad token\n$/,
  );
  t.false(stderr.includes('hvs.secret-token'));
});
