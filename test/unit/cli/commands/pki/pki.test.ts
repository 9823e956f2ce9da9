import { X509Certificate } from 'node:crypto';
import test from 'ava';
import { relate } from '#cli/commands/pki/certificate.ts';
import { data, NOTHING, refused, vault } from '../../support/command-line.ts';
import { INT, OTHER, ROOT } from './certificates.ts';

const RELATIONS: readonly (readonly [string, Parameters<typeof relate>, readonly boolean[]])[] = [
  ['the issuer', [ROOT, INT, [INT, ROOT]], [true, true, true, true, true]],
  ['itself', [ROOT, ROOT, [ROOT]], [true, true, true, false, true]],
  ['the issuer of one without a chain', [ROOT, INT, [INT]], [true, true, true, false, true]],
  ['a stranger', [OTHER, INT, [INT, ROOT]], [false, false, false, false, false]],
  ['the issued', [INT, ROOT, [ROOT]], [false, false, false, false, false]],
];
for (const [
  name,
  certificates,
  [subjectMatch, keyIdMatch, signatureMatch, pathMatch, trustMatch],
] of RELATIONS) {
  test(`relate() to ${name}`, (t) => {
    t.like(relate(...certificates), {
      subjectMatch,
      keyIdMatch,
      signatureMatch,
      pathMatch,
      trustMatch,
    });
  });
}

const issuer = (id: string, certificate: string, ...chain: readonly string[]) =>
  data({
    issuer_id: id,
    issuer_name: `name-${id}`,
    certificate,
    ca_chain: [certificate, ...chain],
  });
const ANSWERS = {
  'GET pki/issuer/top': issuer('r', ROOT),
  'GET pki/issuer/r': issuer('r', ROOT),
  'GET pki/issuers?list=true': data({ keys: ['r'] }),
  'GET mid/issuer/i': issuer('i', INT, ROOT),
  'GET mid/issuer/o': issuer('o', OTHER),
  'GET mid/issuers?list=true': data({ keys: ['i', 'o'] }),
  'GET sys/mounts': data({
    'pki/': { type: 'pki' },
    'mid/': { type: 'pki' },
    'kv/': { type: 'kv' },
  }),
};

test('list-intermediates looks at all mounts', async (t) => {
  const { stdout } = await vault(['pki', 'list-intermediates', 'pki/issuer/top'], {
    answers: ANSWERS,
  });
  t.is(
    stdout,
    'intermediate    match?\n------------    ------\nmid/issuer/i    true\nmid/issuer/o    false\npki/issuer/r    true\n',
  );
});

test('list-intermediates looks at what is named, and names issuers', async (t) => {
  const { stdout } = await vault(
    ['pki', 'list-intermediates', '-use_names', '-format=json', 'pki/issuer/top', 'mid'],
    { answers: ANSWERS },
  );
  t.deepEqual(JSON.parse(stdout), { 'mid/issuer/name-i': true, 'mid/issuer/name-o': false });
});

test('verify-sign', async (t) => {
  const { stdout } = await vault(
    ['pki', 'verify-sign', '-format=json', 'pki/issuer/r', 'mid/issuer/i'],
    { answers: ANSWERS },
  );
  t.deepEqual(JSON.parse(stdout), {
    key_id_match: true,
    path_match: true,
    signature_match: true,
    subject_match: true,
    trust_match: true,
  });
});

test('issue makes a request, has it signed and imports it', async (t) => {
  const { stdout, asked, stderr } = await vault(
    [
      'pki',
      'issue',
      '-issuer_name=name-i',
      '-field=issuer_id',
      'pki/issuer/top',
      'mid',
      'common_name=int',
    ],
    {
      answers: {
        ...ANSWERS,
        'GET sys/mounts/mid/tune': data({}),
        'PUT mid/intermediate/generate/internal': data({ csr: 'CSR' }),
        'PUT pki/issuer/top/sign-intermediate': data({ certificate: INT }),
        'PUT mid/issuers/import/cert': [data({ imported_issuers: ['i'] }), NOTHING],
        'PATCH mid/issuer/i': issuer('i', INT),
      },
    },
  );
  t.is(stdout, 'i', stderr);
  t.deepEqual(
    asked.filter(({ method }) => method !== 'GET').map(({ body }) => body),
    [
      { common_name: 'int' },
      { common_name: 'int', csr: 'CSR' },
      { pem_bundle: INT },
      { pem_bundle: ROOT },
      { issuer_name: 'name-i' },
    ],
  );
});

test('issue below a mount that is not there is refused', async (t) => {
  const { exit, stderr } = await vault(
    ['pki', 'issue', 'pki/issuer/top', 'nowhere', 'common_name=x'],
    {
      answers: { ...ANSWERS, 'GET sys/mounts/nowhere/tune': refused(400, 'no mount') },
    },
  );
  t.is(exit, 1);
  t.regex(stderr, /^Given Intermediate Mount nowhere Does Not Exist: Error making API request\./);
});

test('an issuer that is not there is refused', async (t) => {
  const { exit, stderr } = await vault(['pki', 'list-intermediates', 'pki/issuer/none'], {
    answers: ANSWERS,
  });
  t.deepEqual([exit, stderr], [1, 'unable to find certificate at pki/issuer/none\n']);
});

const DAY = 86_400_000;
const END = Date.parse(new X509Certificate(ROOT).validTo);
const HEALTHY = {
  'GET sys/mounts/pki/tune': data({
    audit_non_hmac_request_keys: [
      'csr',
      'certificate',
      'issuer_ref',
      'common_name',
      'alt_names',
      'ttl',
      'serial_number',
    ],
    passthrough_request_headers: ['If-Modified-Since'],
    allowed_response_headers: ['Last-Modified'],
  }),
  'GET pki/issuers?list=true': data({ keys: ['r'] }),
  'GET pki/issuer/r': issuer('r', ROOT),
  'GET pki/roles?list=true': data({ keys: ['web'] }),
  'GET pki/roles/web': data({ allow_localhost: false, allow_glob_domains: false, no_store: true }),
  'GET pki/config/auto-tidy': data({ enabled: true }),
  'GET pki/tidy-status': data({ time_finished: new Date(END - 800 * DAY).toISOString() }),
  'GET pki/certs?list=true': data({ keys: ['01'] }),
};
const check = (answers: object, days: number, ...flags: readonly string[]) =>
  vault(['pki', 'health-check', ...flags, 'pki/'], {
    answers: { ...HEALTHY, ...answers },
    now: END - days * DAY,
  });

test('health-check of a mount in order is 0', async (t) => {
  const { exit, stdout, stderr } = await check({}, 800);
  t.is(exit, 0, stdout + stderr);
  t.regex(
    stdout,
    /^ca_validity_period\n-{18}\nstatus +endpoint +message\n-+ +-+ +-+\nok +pki\/issuer\/r +Issuer's validity ends in 800 days\.\n/,
  );
});

const ROLE = {
  allow_localhost: false,
  allow_glob_domains: false,
  allow_wildcard_certificates: false,
  no_store: true,
};
const FINDINGS: readonly (readonly [string, object, number, string, number])[] = [
  ['ca_validity_period', {}, 700, 'informational', 2],
  ['ca_validity_period', {}, 300, 'warning', 3],
  ['ca_validity_period', {}, 100, 'critical', 4],
  ['ca_validity_period', {}, -1, 'critical', 4],
  [
    'role_allows_localhost',
    { 'GET pki/roles/web': data({ ...ROLE, allow_localhost: true }) },
    800,
    'warning',
    3,
  ],
  [
    'role_allows_glob_wildcards',
    {
      'GET pki/roles/web': data({
        ...ROLE,
        allow_glob_domains: true,
        allow_wildcard_certificates: true,
      }),
    },
    800,
    'warning',
    3,
  ],
  [
    'role_no_store_false',
    { 'GET pki/roles/web': data({ ...ROLE, no_store: false }) },
    800,
    'warning',
    3,
  ],
  [
    'enable_auto_tidy',
    { 'GET pki/config/auto-tidy': data({ enabled: false }) },
    800,
    'informational',
    2,
  ],
  ['tidy_last_run', { 'GET pki/tidy-status': data({ time_finished: null }) }, 800, 'critical', 4],
  [
    'audit_visibility',
    {
      'GET sys/mounts/pki/tune': data({
        passthrough_request_headers: ['if-modified-since'],
        allowed_response_headers: ['last-modified'],
      }),
    },
    800,
    'informational',
    2,
  ],
  [
    'too_many_certs',
    { 'GET pki/certs?list=true': refused(403, 'permission denied') },
    800,
    'insufficient_permissions',
    6,
  ],
];
for (const [name, answers, days, status, code] of FINDINGS) {
  test(`health-check finds ${name} ${status} ${days} days before the end`, async (t) => {
    const now = END - days * DAY;
    const tidied = { 'GET pki/tidy-status': data({ time_finished: new Date(now).toISOString() }) };
    const { exit, stdout } = await check({ ...tidied, ...answers }, days, '-format=json');
    const results = JSON.parse(stdout) as Readonly<
      Record<string, readonly { readonly status: string }[]>
    >;
    t.is(results[name]?.[0]?.status, status);
    t.is(exit, code);
  });
}

test('health-check tells only what is as bad as was asked for', async (t) => {
  t.is(
    (
      await check(
        { 'GET pki/config/auto-tidy': data({ enabled: false }) },
        800,
        '-return-indicator=warning',
      )
    ).exit,
    0,
  );
  t.is((await check({}, 800, '-return-indicator=moon')).exit, 1);
});

test('health-check needs a mount that is there', async (t) => {
  const none = await vault(['pki', 'health-check']);
  t.deepEqual(
    [none.exit, none.stderr],
    [1, 'Not enough arguments (expected mount path, got nothing)\n'],
  );
  t.is(
    (
      await vault(['pki', 'health-check', 'nowhere'], {
        answers: { 'GET sys/mounts/nowhere/tune': refused(400, 'no mount') },
      })
    ).exit,
    1,
  );
  t.regex((await vault(['pki', 'health-check', '-list'])).stdout, /\n {2}ca_validity_period\n/);
});
