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
