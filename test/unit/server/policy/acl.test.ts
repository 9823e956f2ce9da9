// Decisions about requests: which rule decides, which capability, which limits; each refusal beside what is granted.
import test from 'ava';
import { compileAcl, type Acl, type AclRequest, type Decision } from '#server/policy/acl.ts';
import { DEFAULT_POLICY, RESPONSE_WRAPPING_POLICY } from '#server/policy/builtin.ts';
import { parsePolicy } from '#server/policy/parse.ts';
import type { Subject } from '#server/policy/template.ts';

/** An ACL of the policies, which are named p1, p2 ... */
const acl = (...texts: readonly string[]): Acl =>
  compileAcl(texts.map((text, index) => parsePolicy(`p${index + 1}`, text)));

const decide = (compiled: Acl, request: Partial<AclRequest>): Decision =>
  compiled.decide({ operation: 'read', path: 'kv/a', isSudoPath: false, ...request });

/** A policy in short: `kv/a: read, list; kv/*: deny`. */
const policy = (short: string): string =>
  short
    .split(';')
    .map((rule) => rule.split(':').map((part) => part.trim()))
    .map(([path, names = '']) => {
      const list = names.split(',').map((name) => `"${name.trim()}"`);
      return `path "${path}" { capabilities = [${list.join(', ')}] }`;
    })
    .join('\n');

// --- Which rule decides

const PRIORITY = acl(
  policy(`kv/*: read; kv/a/*: list; kv/a/+/c: update; kv/a/b/c: delete; kv/a/b/+: create;
    kv/+/b/*: patch; kv/a/x/*: sudo, read; kv/a/x*: deny; kv/+/+/+/z: update, list`),
);

const PREFIXES = acl(
  policy(
    'kv/foo*: read; kv/foobar: update; kv/foo/bar/*: list; kv/one: read; kv/exact*literal: read',
  ),
);

const EVERYTHING = acl(policy('*: read; kv/secret: deny'));
const SHAPES = acl(
  policy(`kv/data/a: read; kv/data/b/*: create, update, delete, list, patch; kv/data/b/no: deny;
    kv/+/c: read, sudo; +/one: list; top/+: read; +/x/y*: update`),
);

const CAPABILITIES: readonly (readonly [string, Acl, Readonly<Record<string, string>>])[] = [
  [
    'the documented priority',
    PRIORITY,
    {
      'kv/q': 'read',
      'kv/a/q': 'list',
      'kv/a/x/c': 'read,sudo',
      'kv/a/b/c': 'delete',
      'kv/a/b/d': 'create',
      'kv/q/b/c': 'read',
      'kv/q/b/c/d': 'read',
      'kv/a/x/y': 'read,sudo',
      'kv/a/xy': 'deny',
      'kv/a/x/y/z': 'read,sudo',
      'kv/q/r/s/z': 'list,update',
      'kv/a/b/c/d': 'list',
      'kv/a/q/c': 'update',
      kv: 'deny',
      'kv/': 'read',
    },
  ],
  [
    'prefixes within a segment',
    PREFIXES,
    {
      'kv/fo': 'deny',
      'kv/foo': 'read',
      'kv/foox': 'read',
      'kv/foobar': 'update',
      'kv/foobar/x': 'read',
      'kv/foo/bar': 'read',
      'kv/foo/bar/x': 'list',
      'kv/one': 'read',
      'kv/one/two': 'deny',
      'kv/onex': 'deny',
      'kv/exactXliteral': 'deny',
      'kv/exact*literal': 'read',
    },
  ],
  [
    'a rule for everything',
    EVERYTHING,
    {
      'kv/x': 'read',
      'kv/secret': 'deny',
      'kv/secret/x': 'read',
      '': 'read',
      '/kv/secret': 'deny',
      '///kv/secret': 'deny',
    },
  ],
  [
    'shapes',
    SHAPES,
    {
      'kv/data/a': 'read',
      'kv/data/b/x': 'create,delete,list,patch,update',
      'kv/data/b/': 'create,delete,list,patch,update',
      'kv/data/b/no': 'deny',
      'kv/data/c': 'read,sudo',
      'kv/data/d': 'deny',
      'kv/data/x/c': 'deny',
      'kv/c': 'deny',
      'any/one': 'list',
      '/one': 'deny',
      'top/x': 'read',
      'top/': 'read',
      top: 'deny',
      'top/x/y': 'update',
      'top/x/yes/and/more': 'update',
      'top/x/no': 'deny',
    },
  ],
  [
    'a leading slash in the policy',
    acl(policy('/kv/lead: read')),
    { 'kv/lead': 'read', '/kv/lead': 'read' },
  ],
  ['no policy', acl(), { 'kv/a': 'deny' }],
];

for (const [title, compiled, expected] of CAPABILITIES) {
  for (const [path, names] of Object.entries(expected)) {
    test(`${title}: ${path || 'the empty path'} is ${names}`, (t) => {
      t.is(compiled.capabilities(path).join(), names);
    });
  }
}

/** Left: the rule that must win over the right one for the path. */
const CLOSER: readonly (readonly [string, string, string])[] = [
  ['kv/a', 'kv/*', 'kv/a'],
  ['kv/a', 'kv/+', 'kv/a'],
  ['kv/a*', 'kv/+', 'kv/ab'],
  ['kv/a/+', 'kv/+/b', 'kv/a/b'],
  ['kv/+', 'kv/*', 'kv/a'],
  ['kv/+/b', 'kv/+/b*', 'kv/a/b'],
  ['kv/+/b/c', 'kv/+/+/c', 'kv/a/b/c'],
  ['kv/+/bc*', 'kv/+/b*', 'kv/a/bcd'],
  ['kv/*', 'kv/+/*', 'kv/a/b'],
];

for (const [winner, loser, path] of CLOSER) {
  test(`${winner} goes before ${loser} for ${path}, whichever is first`, (t) => {
    const first = acl(policy(`${winner}: read; ${loser}: deny`));
    const second = acl(policy(`${loser}: deny; ${winner}: read`));
    t.is(first.capabilities(path).join(), 'read');
    t.is(second.capabilities(path).join(), 'read');
  });
}

// --- Capabilities and operations

const EACH = acl(
  policy(
    ['create', 'read', 'update', 'delete', 'list', 'patch', 'deny', 'sudo']
      .map((name) => `kv/${name}/*: ${name}`)
      .join(';'),
  ),
);

const OPERATIONS: readonly (readonly [AclRequest['operation'], string])[] = [
  ['create', 'create'],
  ['read', 'read'],
  ['update', 'update'],
  ['delete', 'delete'],
  ['list', 'list'],
  ['patch', 'patch'],
  ['revoke', 'update'],
  ['renew', 'update'],
  ['rollback', 'update'],
];

for (const [operation, capability] of OPERATIONS) {
  test(`${operation} needs ${capability} and nothing else gives it`, (t) => {
    const allowing = ['create', 'read', 'update', 'delete', 'list', 'patch', 'deny', 'sudo'].filter(
      (name) => decide(EACH, { operation, path: `kv/${name}/x` }).allowed,
    );
    t.deepEqual(allowing, [capability]);
  });
}

test('help needs nothing', (t) => {
  t.true(decide(acl(), { operation: 'help' }).allowed);
});

test('a path that needs sudo needs it beside the capability', (t) => {
  const compiled = acl(policy('kv/both: read, sudo; kv/read: read; kv/sudo: sudo'));
  const sudo = (path: string): Decision => decide(compiled, { path, isSudoPath: true });
  t.like(sudo('kv/both'), { allowed: true, hasSudo: true });
  t.like(sudo('kv/read'), {
    allowed: false,
    hasSudo: false,
    reason: { type: 'missing capability', capability: 'sudo' },
  });
  t.like(sudo('kv/sudo'), {
    allowed: false,
    hasSudo: true,
    reason: { type: 'missing capability', capability: 'read' },
  });
  t.true(decide(compiled, { path: 'kv/read' }).allowed);
});

test('the reason says which rule decided and what was missing', (t) => {
  const compiled = acl(policy('kv/a: read; kv/no: deny'), policy('kv/no: read'));
  t.deepEqual(decide(compiled, {}).reason, { type: 'granted', rule: 'kv/a' });
  t.deepEqual(decide(compiled, { operation: 'delete' }).reason, {
    type: 'missing capability',
    rule: 'kv/a',
    capability: 'delete',
  });
  t.deepEqual(decide(compiled, { path: 'kv/no' }).reason, {
    type: 'denied',
    rule: 'kv/no',
    policies: [{ name: 'p1', type: 'acl' }],
  });
  t.deepEqual(decide(compiled, { path: 'kv/no' }).grantingPolicies, []);
  t.deepEqual(decide(compiled, { path: 'x' }).reason, { type: 'no rule' });
});

test('root may do everything, alone', (t) => {
  const root = compileAcl([parsePolicy('root', '')]);
  t.like(decide(root, { operation: 'delete', path: 'sys/raw/x', isSudoPath: true }), {
    allowed: true,
    isRoot: true,
    hasSudo: true,
    grantingPolicies: [{ name: 'root', type: 'acl' }],
  });
  t.deepEqual(root.capabilities('any'), ['root']);
  t.deepEqual(root.resultant(), { root: true });
  t.true(root.hasAccessBelow('any/'));
  t.throws(() => compileAcl([parsePolicy('root', ''), parsePolicy('p', '')]), {
    message: 'other policies present along with root',
  });
});

for (const name of ['', ' root', 'ROOT', '.', '..', 'a/../b', 'a//b']) {
  test(`a policy that was stored as ${JSON.stringify(name)} counts for nothing`, (t) => {
    const compiled = compileAcl([parsePolicy(name, policy('kv/a: read'))]);
    t.like(decide(compiled, {}), { allowed: false, isRoot: false });
  });
}

// --- Several policies

test('capabilities of several policies for one path add up', (t) => {
  const compiled = acl(
    policy('kv/a: read; kv/b: read'),
    policy('kv/a: update, read'),
    policy('kv/*: list'),
  );
  t.deepEqual(compiled.capabilities('kv/a'), ['read', 'update']);
  t.deepEqual(decide(compiled, {}).grantingPolicies, [
    { name: 'p1', type: 'acl' },
    { name: 'p2', type: 'acl' },
  ]);
  t.deepEqual(decide(compiled, { operation: 'update' }).grantingPolicies, [
    { name: 'p2', type: 'acl' },
  ]);
  t.deepEqual(compiled.capabilities('kv/b'), ['read']);
});

for (const path of ['kv/a', 'kv/*', 'kv/+', 'kv/+/x*']) {
  test(`deny wins for ${path}, in whichever policy and order`, (t) => {
    const asked = path.replace('*', 'y').replace('+', 'z');
    for (const texts of [
      [policy(`${path}: deny`), policy(`${path}: read`)],
      [policy(`${path}: read`), policy(`${path}: deny`)],
      [policy(`${path}: read; ${path}: deny`)],
      [policy(`${path}: read, deny`)],
      [policy(`${path}: deny`), policy(`${path}: read`), policy(`${path}: list`)],
    ]) {
      t.deepEqual(acl(...texts).capabilities(asked), ['deny']);
      t.false(decide(acl(...texts), { path: asked }).allowed);
    }
  });
}

test('deny on a prefix does not reach a path with a closer rule', (t) => {
  const compiled = acl(policy('kv/*: deny'), policy('kv/a: read'));
  t.true(decide(compiled, {}).allowed);
  t.false(decide(compiled, { path: 'kv/b' }).allowed);
});

// --- Lists and the slash at the end

const LISTS: readonly (readonly [string, boolean])[] = [
  ['kv/dir/: list', true],
  ['kv/dir: list', true],
  ['kv/dir/*: list', true],
  ['kv/+: list', true],
  ['kv/+/: list', true],
  ['kv/di*: list', true],
  ['kv/*: list', true],
  ['kv/dir/x: list', false],
  ['kv/dir/: read', false],
  ['kv/*: list; kv/dir/*: read', false],
  ['kv/*: read; kv/dir/*: list', true],
  ['kv/*: list; kv/dir/*: deny', false],
  ['kv/*: list; kv/dir: deny', false],
  ['kv/*: list; kv/dir/: deny', false],
  ['kv/*: list; kv/+: deny', false],
  ['kv/*: list; kv/+/: deny', false],
  ['kv/*: list; kv/di*: deny', false],
  ['kv/*: list; kv/dir: deny; kv/dir/*: deny', false],
  ['kv/dir/: list; kv/dir: deny', false],
  ['kv/dir: list; kv/dir/: deny', false],
  ['kv/*: deny; kv/dir/: list', true],
  ['kv/*: deny; kv/dir/*: list', true],
];

for (const [rules, allowed] of LISTS) {
  for (const path of ['kv/dir', 'kv/dir/', '/kv/dir', '//kv/dir/']) {
    test(`LIST ${path} with ${rules} is ${allowed ? 'allowed' : 'refused'}`, (t) => {
      t.is(decide(acl(policy(rules)), { operation: 'list', path }).allowed, allowed);
    });
  }
}

test('only a list is the same with and without the slash', (t) => {
  const compiled = acl(policy('kv/dir/: read; kv/file: read'));
  t.true(decide(compiled, { path: 'kv/dir/' }).allowed);
  t.false(decide(compiled, { path: 'kv/dir' }).allowed);
  t.false(decide(compiled, { path: 'kv/file/' }).allowed);
});

test('a deny is not avoided by any spelling of the path, whatever else is granted', (t) => {
  const around = ['kv/*', '*', 'kv/p*', '+/private', '+/+', 'kv/+/*', 'kv/private*'];
  const denials = ['kv/private', 'kv/private/', 'kv/private/*'];
  for (const grant of around) {
    for (const denial of denials.filter(
      (path) => path.length > grant.length || !path.endsWith('*'),
    )) {
      const compiled = acl(policy(`${grant}: list; ${denial}: deny`));
      for (const path of ['kv/private', 'kv/private/', '/kv/private', '//kv/private/']) {
        t.false(
          decide(compiled, { operation: 'list', path }).allowed,
          `${grant} ${denial} ${path}`,
        );
      }
    }
  }
});

// --- Parameters

const ALLOWED =
  acl(`path "kv/*" { capabilities = ["create", "update", "read", "patch", "delete", "list"]
  allowed_parameters = {
    "any" = []
    "two" = ["x", "y"]
    "glob" = ["dev-*", "*-end"]
    "num" = [1, 2]
    "flag" = [true]
    "UPPER" = ["A"]
    "list" = [["a", "b"]]
    "each" = ["a", "b*"]
    "none" = [""]
  }
}
path "kv/star/*" { capabilities = ["update"]
  allowed_parameters = { "*" = [] } }
path "kv/starval/*" { capabilities = ["update"]
  allowed_parameters = { "*" = ["v1", "v2"]
  "own" = ["z"] } }
path "kv/empty/*" { capabilities = ["update"]
  allowed_parameters = { } }`);

const DENIED = acl(`path "kv/*" { capabilities = ["update", "delete"]
  denied_parameters = {
    "any" = []
    "two" = ["x", "y"]
    "glob" = ["dev-*"]
    "flag" = [true]
    "num" = [1]
    "policies" = ["super-admin", "root*"]
  }
}
path "kv/star/*" { capabilities = ["update", "read"]
  denied_parameters = { "*" = [] } }`);

const PARAMETERS: readonly (readonly [Acl, string, Readonly<Record<string, unknown>>, boolean])[] =
  [
    [ALLOWED, 'kv/a', { any: 'whatever' }, true],
    [ALLOWED, 'kv/a', { any: null }, true],
    [ALLOWED, 'kv/a', { two: 'y' }, true],
    [ALLOWED, 'kv/a', { two: 'z' }, false],
    [ALLOWED, 'kv/a', { two: null }, false],
    [ALLOWED, 'kv/a', { glob: 'dev-7' }, true],
    [ALLOWED, 'kv/a', { glob: 'the-end' }, true],
    [ALLOWED, 'kv/a', { glob: 'prod' }, false],
    [ALLOWED, 'kv/a', { num: 3 }, false],
    [ALLOWED, 'kv/a', { num: 1 }, false],
    [ALLOWED, 'kv/a', { num: '1' }, false],
    [ALLOWED, 'kv/a', { flag: true }, true],
    [ALLOWED, 'kv/a', { flag: false }, false],
    [ALLOWED, 'kv/a', { flag: 'true' }, false],
    [ALLOWED, 'kv/a', { upper: 'A' }, true],
    [ALLOWED, 'kv/a', { UPPER: 'A' }, true],
    [ALLOWED, 'kv/a', { UPPER: 'a' }, false],
    [ALLOWED, 'kv/a', { list: ['a', 'b'] }, true],
    [ALLOWED, 'kv/a', { list: ['a'] }, false],
    [ALLOWED, 'kv/a', { list: ['b', 'a'] }, false],
    [ALLOWED, 'kv/a', { each: ['a', 'bb'] }, true],
    [ALLOWED, 'kv/a', { each: ['a', 'c'] }, false],
    [ALLOWED, 'kv/a', { each: [] }, false],
    [ALLOWED, 'kv/a', { none: '' }, true],
    [ALLOWED, 'kv/a', { none: 'x' }, false],
    [ALLOWED, 'kv/a', { any: 'x', other: 'y' }, false],
    [ALLOWED, 'kv/a', { constructor: 'x' }, false],
    [ALLOWED, 'kv/a', {}, true],
    [ALLOWED, 'kv/star/a', { foo: 'bar', n: 1 }, true],
    [ALLOWED, 'kv/starval/a', { foo: 'v3' }, true],
    [ALLOWED, 'kv/starval/a', { own: 'z' }, true],
    [ALLOWED, 'kv/starval/a', { own: 'v1' }, false],
    [ALLOWED, 'kv/empty/a', { foo: 'bar' }, true],
    [DENIED, 'kv/a', { any: 'x' }, false],
    [DENIED, 'kv/a', { ANY: 'x' }, false],
    [DENIED, 'kv/a', { other: 'x' }, true],
    [DENIED, 'kv/a', { two: 'x' }, false],
    [DENIED, 'kv/a', { two: 'z' }, true],
    [DENIED, 'kv/a', { two: ['z', 'x'] }, false],
    [DENIED, 'kv/a', { two: 'z, x' }, false],
    [DENIED, 'kv/a', { two: ['z'] }, true],
    [DENIED, 'kv/a', { glob: 'dev-1' }, false],
    [DENIED, 'kv/a', { glob: 'prod' }, true],
    [DENIED, 'kv/a', { flag: true }, false],
    [DENIED, 'kv/a', { flag: false }, true],
    [DENIED, 'kv/a', { num: 1 }, true],
    [DENIED, 'kv/a', { policies: 'Super-Admin' }, false],
    [DENIED, 'kv/a', { policies: ['dev', ' SUPER-admin '] }, false],
    [DENIED, 'kv/a', { policies: ['dev', 'Root-x'] }, false],
    [DENIED, 'kv/a', { policies: ['dev'] }, true],
    [DENIED, 'kv/a', { two: 'X' }, true],
    [DENIED, 'kv/star/a', { foo: 'bar' }, false],
    [DENIED, 'kv/star/a', {}, true],
  ];

for (const [compiled, path, data, allowed] of PARAMETERS) {
  const kind = compiled === ALLOWED ? 'allowed' : 'denied';
  test(`${kind} parameters: ${JSON.stringify(data)} to ${path} is ${allowed ? 'allowed' : 'refused'}`, (t) => {
    t.is(decide(compiled, { operation: 'update', path, data }).allowed, allowed);
  });
}

test('parameters restrict reads, creates, updates and patches, not deletes and lists', (t) => {
  const allowed = (['read', 'create', 'update', 'patch', 'delete', 'list'] as const).filter(
    (operation) => decide(ALLOWED, { operation, data: { other: 'x' } }).allowed,
  );
  t.deepEqual(allowed, ['delete', 'list']);
});

test('a reason names the parameter and never its value', (t) => {
  const { reason } = decide(DENIED, { operation: 'update', data: { two: 'x' } });
  t.deepEqual(reason, {
    type: 'parameter',
    rule: 'kv/*',
    refusal: { parameter: 'two', problem: 'denied' },
  });
});

const REQUIRED = `path "kv/*" { capabilities = ["create", "update", "delete"]
  required_parameters = ["owner", "Team"] }`;
const FREE = policy('kv/*: create, update');

const REQUIREMENTS: readonly (readonly [
  readonly string[],
  AclRequest['operation'],
  Readonly<Record<string, unknown>>,
  boolean,
])[] = [
  [[REQUIRED], 'update', { other: 'x' }, false],
  [[REQUIRED], 'update', { owner: 'x' }, false],
  [[REQUIRED], 'update', { owner: 'x', team: 'y', more: 'z' }, true],
  [[REQUIRED], 'update', { OWNER: 'x', Team: 'y' }, false],
  [[REQUIRED], 'update', {}, false],
  [[REQUIRED], 'delete', {}, true],
  [[REQUIRED, FREE], 'update', { other: 'x' }, false],
  [[FREE, REQUIRED], 'update', { other: 'x' }, false],
  [[FREE], 'update', { other: 'x' }, true],
];

for (const [texts, operation, data, allowed] of REQUIREMENTS) {
  test(`with ${texts.map((text) => (text === FREE ? 'a free' : 'a requiring')).join(' and ')} policy: ${operation} of ${JSON.stringify(data)} is ${allowed ? 'allowed' : 'refused'}`, (t) => {
    t.is(decide(acl(...texts), { operation, data }).allowed, allowed);
  });
}

const withParameters = (kind: string, map: string): string =>
  `path "kv/*" { capabilities = ["update"]\n ${kind} = { ${map} } }`;

const allows = (compiled: Acl, data: object): boolean =>
  decide(compiled, { operation: 'update', data: { ...data } }).allowed;

test('allowed values of several policies are put together, an empty list among them is all', (t) => {
  const both = acl(
    withParameters('allowed_parameters', 'a = ["1"]'),
    withParameters('allowed_parameters', 'b = []\n A = ["2"]'),
  );
  t.true(allows(both, { a: '1' }));
  t.true(allows(both, { a: '2', b: 'q' }));
  t.false(allows(both, { a: '3' }));
  t.false(allows(both, { c: '1' }));
  const open = acl(
    withParameters('allowed_parameters', 'a = ["1"]'),
    withParameters('allowed_parameters', 'a = []'),
  );
  t.true(allows(open, { a: '3' }));
});

test('a denied value stays denied when another policy allows it', (t) => {
  const allow = withParameters('allowed_parameters', 'a = ["1", "2"]');
  const deny = withParameters('denied_parameters', 'a = ["1"]');
  for (const compiled of [acl(allow, deny), acl(deny, allow)]) {
    t.false(decide(compiled, { operation: 'update', data: { a: '1' } }).allowed);
    t.true(decide(compiled, { operation: 'update', data: { a: '2' } }).allowed);
    t.false(decide(compiled, { operation: 'update', data: { b: '1' } }).allowed);
  }
});

// --- Wrapping

const wrapping = (limits: string): string => `path "kv/a" { capabilities = ["read"]\n ${limits} }`;
const BETWEEN = acl(wrapping('min_wrapping_ttl = "1m"\n max_wrapping_ttl = "10m"'));
const MAXIMUM = acl(wrapping('max_wrapping_ttl = 90'));
const MINIMUM = acl(wrapping('min_wrapping_ttl = "1s"'));

const WRAPPED: readonly (readonly [string, Acl, number | undefined, boolean])[] = [
  ['a range', BETWEEN, undefined, false],
  ['a range', BETWEEN, 30, false],
  ['a range', BETWEEN, 60, true],
  ['a range', BETWEEN, 300, true],
  ['a range', BETWEEN, 600, true],
  ['a range', BETWEEN, 660, false],
  ['a maximum', MAXIMUM, undefined, false],
  ['a maximum', MAXIMUM, 60, true],
  ['a maximum', MAXIMUM, 120, false],
  ['a minimum of a second', MINIMUM, undefined, false],
  ['a minimum of a second', MINIMUM, 60, true],
  ['no limit', acl(policy('kv/a: read')), undefined, true],
  [
    'two ranges, the shorter',
    acl(wrapping('max_wrapping_ttl = "10m"'), wrapping('max_wrapping_ttl = "5m"')),
    400,
    false,
  ],
  [
    'two minima, the shorter',
    acl(wrapping('min_wrapping_ttl = "10m"'), wrapping('min_wrapping_ttl = "5m"')),
    400,
    true,
  ],
  [
    'a minimum above the maximum',
    acl(wrapping('min_wrapping_ttl = "10m"'), wrapping('max_wrapping_ttl = "5m"')),
    400,
    false,
  ],
];

for (const [title, compiled, wrapTtlSeconds, allowed] of WRAPPED) {
  test(`${title}: an answer ${wrapTtlSeconds === undefined ? 'unwrapped' : `wrapped for ${wrapTtlSeconds} s`} is ${allowed ? 'allowed' : 'refused'}`, (t) => {
    t.is(decide(compiled, { wrapTtlSeconds }).allowed, allowed);
  });
}

// --- Identities in paths

const ANN: Subject = {
  entity: {
    id: 'e-1',
    name: 'ann',
    metadata: { team: 'red', slash: 'a/b', plus: '+', star: 'a*', dots: '..', empty: '' },
    aliases: [
      {
        id: 'al-1',
        name: 'ann@one',
        mount_accessor: 'acc_1',
        metadata: { org: 'one' },
        custom_metadata: { tier: 'gold' },
      },
      { id: 'al-2', name: 'bob', mount_accessor: 'acc_2', metadata: { org: 'two' } },
      { id: 'al-3', name: 'twin', mount_accessor: 'acc_3' },
      { id: 'al-4', name: 'twin2', mount_accessor: 'acc_3' },
    ],
  },
  groups: [{ id: 'g-1', name: 'staff', metadata: { floor: '2' } }],
};

const TEMPLATES: readonly (readonly [string, string | undefined])[] = [
  ['kv/{{identity.entity.id}}', 'kv/e-1'],
  ['kv/{{ identity.entity.name }}/*', 'kv/ann/x'],
  ['kv/{{identity.entity.name}}-*', 'kv/ann-x'],
  ['{{identity.entity.name}}/{{identity.entity.metadata.team}}', 'ann/red'],
  ['kv/+/{{identity.entity.name}}', 'kv/x/ann'],
  ['kv/{{identity.entity.aliases.acc_1.name}}', 'kv/ann@one'],
  ['kv/{{identity.entity.aliases.acc_1.id}}', 'kv/al-1'],
  ['kv/{{identity.entity.aliases.acc_1.metadata.org}}', 'kv/one'],
  ['kv/{{identity.entity.aliases.acc_2.metadata.org}}', 'kv/two'],
  ['kv/{{identity.entity.aliases.acc_1.custom_metadata.tier}}', 'kv/gold'],
  ['kv/{{identity.groups.ids.g-1.name}}', 'kv/staff'],
  ['kv/{{identity.groups.names.staff.id}}', 'kv/g-1'],
  ['kv/{{identity.groups.names.staff.metadata.floor}}', 'kv/2'],
  ['kv/{{identity.entity.metadata.none}}', undefined],
  ['kv/{{identity.entity.metadata.empty}}', undefined],
  ['kv/{{identity.entity.metadata.constructor}}', undefined],
  ['kv/{{identity.entity.metadata}}', undefined],
  ['kv/{{identity.entity.aliases.acc_9.name}}', undefined],
  ['kv/{{identity.entity.aliases.acc_3.name}}', undefined],
  ['kv/{{identity.groups.names.other.id}}', undefined],
  ['kv/{{identity.groups.staff}}', undefined],
  ['kv/{{identity.other}}', undefined],
  ['kv/{{identity.entity.metadata.slash}}', undefined],
  ['kv/{{identity.entity.metadata.plus}}', undefined],
  ['kv/{{identity.entity.metadata.star}}', undefined],
  ['kv/{{identity.entity.metadata.dots}}', undefined],
];

for (const [template, path] of TEMPLATES) {
  test(`${template} is ${path ?? 'void'} for ann, void for nobody`, (t) => {
    const policies = [parsePolicy('p', policy(`${template}: read`))];
    t.true(policies[0]?.isTemplated);
    const rendered = [
      'kv/a/b',
      'kv/+',
      'kv/x',
      'kv/a*',
      'kv/ab',
      'kv/..',
      'kv/',
      'kv/twin',
      'kv/twin2',
      'kv/undefined',
    ];
    const compiled = compileAcl(policies, ANN);
    t.deepEqual(
      [...(path === undefined ? [] : [path]), ...rendered].filter(
        (asked) => decide(compiled, { path: asked }).allowed,
      ),
      path === undefined ? [] : [path],
    );
    t.is(compileAcl(policies).resultant().root, false);
    t.deepEqual(compileAcl(policies).capabilities(path ?? 'kv/'), ['deny']);
  });
}

test('a value with a special meaning makes a grant void, but never a denial', (t) => {
  const texts = policy(
    'kv/*: read; kv/{{identity.entity.metadata.slash}}/*: deny; kv/{{identity.entity.metadata.star}}: deny',
  );
  const compiled = compileAcl([parsePolicy('p', texts)], ANN);
  t.false(decide(compiled, { path: 'kv/a/b/c' }).allowed);
  t.false(decide(compiled, { path: 'kv/a*' }).allowed);
  t.true(decide(compiled, { path: 'kv/ab' }).allowed);
});

// --- Views

test('resultant() has exact paths and prefixes, without shapes', (t) => {
  const compiled = acl(
    policy('kv/a: read; kv/b/*: list, read; kv/+/c: update; kv/d: deny'),
    wrapping(
      'min_wrapping_ttl = 5\n allowed_parameters = { X = ["y"] }\n required_parameters = ["z"]',
    ),
  );
  t.deepEqual(compiled.resultant(), {
    root: false,
    exact_paths: {
      'kv/a': {
        capabilities: ['read'],
        min_wrapping_ttl: 5,
        allowed_parameters: { x: ['y'] },
        required_parameters: ['z'],
      },
      'kv/d': { capabilities: ['deny'] },
    },
    glob_paths: { 'kv/b/': { capabilities: ['list', 'read'] } },
  });
});

const BELOW: readonly (readonly [string, boolean])[] = [
  ['kv/a: read', true],
  ['kv/a/*: list', true],
  ['kv/: list', true],
  ['kv: list', true],
  ['kv*: list', true],
  ['k*: list', true],
  ['*: list', true],
  ['+/x: read', true],
  ['kv/+/x: read', true],
  ['+/*: read', true],
  ['+/a/b*: read', true],
  ['kv/a: deny', false],
  ['kvx/a: read', false],
  ['x/+: read', false],
  ['other/*: read', false],
];

for (const [rules, expected] of BELOW) {
  test(`hasAccessBelow(kv/) with ${rules} is ${expected}`, (t) => {
    t.is(acl(policy(rules)).hasAccessBelow('kv/'), expected);
  });
}

test('hasAccessBelow() of a mount with several segments', (t) => {
  t.true(acl(policy('team/+/kv/*: read')).hasAccessBelow('team/red/'));
  t.false(acl(policy('team/blue/+: read')).hasAccessBelow('team/red/'));
  t.false(acl(policy('+: read')).hasAccessBelow('team/red/'));
  t.true(acl(policy('+/re*: read; x/+: read')).hasAccessBelow('team/red/'));
});

test('the built-in policies give what they say', (t) => {
  const compiled = compileAcl([parsePolicy('default', DEFAULT_POLICY)], ANN);
  const grants: readonly (readonly [AclRequest['operation'], string])[] = [
    ['read', 'auth/token/lookup-self'],
    ['update', 'auth/token/renew-self'],
    ['update', 'auth/token/revoke-self'],
    ['update', 'sys/capabilities-self'],
    ['read', 'sys/internal/ui/resultant-acl'],
    ['update', 'sys/renew'],
    ['update', 'sys/leases/renew'],
    ['update', 'sys/leases/lookup'],
    ['create', 'cubbyhole/x'],
    ['list', 'cubbyhole/'],
    ['update', 'sys/wrapping/wrap'],
    ['update', 'sys/wrapping/lookup'],
    ['update', 'sys/wrapping/unwrap'],
    ['update', 'sys/tools/hash/sha2-256'],
    ['update', 'sys/control-group/request'],
    ['read', 'identity/oidc/provider/x/authorize'],
    ['read', 'identity/entity/id/e-1'],
    ['read', 'identity/entity/name/ann'],
  ];
  for (const [operation, path] of grants) {
    t.true(decide(compiled, { operation, path }).allowed, path);
  }
  for (const path of [
    'identity/entity/id/e-2',
    'sys/mounts',
    'kv/a',
    'sys/tools/random',
    'auth/token/create',
  ]) {
    t.deepEqual(compiled.capabilities(path), ['deny'], path);
  }
  const wrapped = compileAcl([parsePolicy('response-wrapping', RESPONSE_WRAPPING_POLICY)]);
  t.deepEqual(wrapped.capabilities('cubbyhole/response'), ['create', 'read']);
  t.deepEqual(wrapped.capabilities('sys/wrapping/unwrap'), ['update']);
  t.deepEqual(wrapped.capabilities('cubbyhole/x'), ['deny']);
});
