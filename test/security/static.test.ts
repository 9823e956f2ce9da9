// Mistakes that can be seen in the text of the program.
import { globSync, readFileSync } from 'node:fs';
import test from 'ava';

const files = globSync('{sdk,raft,storage,engines,auth,server}/**/*.ts').map(
  (name) => [name, readFileSync(name, 'utf8')] as const,
);

/** Names of values that a client must not learn by trying how long a comparison takes. */
const SECRET =
  /(?:token|secret|share|mac|hmac|password|passcode|otp|digest|signature|nonce|salt)$/i;
const COMPARED = /([\w.[\]'#]+)\s*[!=]==\s*([\w.[\]'"`#-]+)/g;
/** Compared with something that is no secret: nothing, a number, a word of the program. */
const PLAIN = /^(?:undefined|null|true|false|\d+|['"`].*|[A-Z][A-Z0-9_]*)$/;

/** `left === right` on names that end like a secret, where the other side is no constant. */
function comparisons(text: string): readonly string[] {
  return [...text.matchAll(COMPARED)]
    .filter(([, left = '', right = '']) => {
      const isSecret = SECRET.test(left) || SECRET.test(right);
      return isSecret && !PLAIN.test(left) && !PLAIN.test(right);
    })
    .map(([found]) => found);
}

test('GHSA-34fc-gh42-pj53: the check finds what it is for', (t) => {
  t.is(comparisons('if (entry.token === sent) ok();').length, 1);
  t.is(comparisons('const isRight = expected !== hmac;').length, 1);
  t.is(comparisons("if (token === undefined || token === '' || kind === 'token') x();").length, 0);
});

test('GHSA-34fc-gh42-pj53: nothing compares secrets in a time that depends on them', (t) => {
  const found = files.flatMap(([name, text]) =>
    comparisons(text).map((comparison) => `${name}: ${comparison}`),
  );
  t.deepEqual(found, []);
});

test('timingSafeEqual is never handed texts of different lengths, at which it throws', (t) => {
  const unguarded = files
    .filter(([, text]) => /\btimingSafeEqual\(/.test(text))
    .filter(([, text]) => !/\.length [!=]==|sha256/.test(text))
    .map(([name]) => name);
  t.deepEqual(unguarded, []);
});

// Node: what is deserialised, evaluated or run is never what a client sent.
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\beval\(|new Function\(|\bvm\b.*from 'node:vm'/, 'runs text as a program'],
  [/from 'node:child_process'/, 'runs other programs'],
  [/\bdeserialize\(/, 'makes objects of any shape'],
  [/insecureHTTPParser|rejectUnauthorized: false/, 'trusts what is not to be trusted'],
  [/createHash\('(?:md5|sha1)'|'(?:md5|sha1)'/, 'a hash that is broken'],
  [/createCipheriv\('[^']*-(?:cbc|ecb|ctr)/, 'encrypts without a tag'],
  [/\binnerHTML\b|dangerouslySet/, 'makes a page of text'],
  [/process\.env\b/, 'takes settings past the configuration'],
];
/** Where it is the point. */
const ALLOWED = new Set(['server/main.ts: takes settings past the configuration']);

test('nothing that is dangerous in itself is in the server', (t) => {
  const found = files.flatMap(([name, text]) =>
    BANNED.filter(([pattern]) => pattern.test(text)).map(([, why]) => `${name}: ${why}`),
  );
  t.deepEqual(
    found.filter((one) => !ALLOWED.has(one)),
    [],
  );
});

test('there are few packages in a running server', (t) => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const names = Object.keys(dependencies);
  t.true(names.length <= 10, names.join(', '));
  const loose = Object.entries(dependencies).filter(([, version]) => !/^\d/.test(version));
  t.deepEqual(loose, [], 'each is pinned');
});
