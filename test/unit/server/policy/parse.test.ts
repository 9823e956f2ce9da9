// Texts of policies: what they are read as, and in which words they are refused.
import test from 'ava';
import { toNames } from '#server/policy/capabilities.ts';
import { parsePolicy } from '#server/policy/parse.ts';

const parse = (text: string): unknown =>
  parsePolicy('p', text).rules.map(({ path, capabilities, limits }) => ({
    path,
    capabilities: toNames(capabilities).join(),
    ...(limits.min_wrapping_ttl > 0 && { min: limits.min_wrapping_ttl }),
    ...(limits.max_wrapping_ttl > 0 && { max: limits.max_wrapping_ttl }),
    ...(limits.allowed_parameters.size > 0 && { allowed: [...limits.allowed_parameters] }),
    ...(limits.denied_parameters.size > 0 && { denied: [...limits.denied_parameters] }),
    ...(limits.required_parameters.length > 0 && { required: limits.required_parameters }),
  }));

const rule = (body: string): string => `path "a" {\n${body}\n}`;

const READ: Readonly<Record<string, readonly [string, readonly unknown[]]>> = {
  nothing: ['', []],
  'a comment': ['# nothing', []],
  'a name, which does not count': ['name = "q"', []],
  'a path': ['path "a" { capabilities = ["read"] }', [{ path: 'a', capabilities: 'read' }]],
  'a path without capabilities': ['path "a" {}', [{ path: 'a', capabilities: 'deny' }]],
  'a path twice': [
    'path "a" { capabilities = ["read"] }\npath "a" { capabilities = ["list"] }',
    [
      { path: 'a', capabilities: 'read' },
      { path: 'a', capabilities: 'list' },
    ],
  ],
  'capabilities twice': [
    rule('capabilities = ["read"]\ncapabilities = ["list"]'),
    [{ path: 'a', capabilities: 'list,read' }],
  ],
  'one capability without a list': [
    rule('capabilities = "read"'),
    [{ path: 'a', capabilities: 'read' }],
  ],
  'deny beside others': [
    rule('capabilities = ["read", "deny"]'),
    [{ path: 'a', capabilities: 'deny' }],
  ],
  'all capabilities': [
    rule(
      'capabilities = ["create", "read", "update", "delete", "list", "sudo", "patch", "subscribe"]',
    ),
    [{ path: 'a', capabilities: 'create,delete,list,patch,read,subscribe,sudo,update' }],
  ],
  'the old word read': [rule('policy = "read"'), [{ path: 'a', capabilities: 'list,read' }]],
  'the old word write': [
    rule('policy = "write"'),
    [{ path: 'a', capabilities: 'create,delete,list,read,update' }],
  ],
  'the old word sudo': [
    rule('policy = "sudo"'),
    [{ path: 'a', capabilities: 'create,delete,list,read,sudo,update' }],
  ],
  'the old word deny': [
    rule('policy = "deny"\ncapabilities = ["read"]'),
    [{ path: 'a', capabilities: 'deny' }],
  ],
  'an old word beside capabilities': [
    rule('policy = "read"\ncapabilities = ["patch"]'),
    [{ path: 'a', capabilities: 'list,patch,read' }],
  ],
  'times of wrapping': [
    rule('capabilities = ["read"]\nmin_wrapping_ttl = 60\nmax_wrapping_ttl = "90"'),
    [{ path: 'a', capabilities: 'read', min: 60, max: 90 }],
  ],
  'times of wrapping with units': [
    rule('min_wrapping_ttl = "1m"\nmax_wrapping_ttl = "1h30m"'),
    [{ path: 'a', capabilities: 'deny', min: 60, max: 5400 }],
  ],
  'a time with a fraction': [
    rule('min_wrapping_ttl = 1.5'),
    [{ path: 'a', capabilities: 'deny', min: 1 }],
  ],
  parameters: [
    rule(
      'allowed_parameters = { A = [1, "x", true, ["y"]]\n b = [] }\ndenied_parameters { "*" = [] }\nrequired_parameters = ["R", "s"]',
    ),
    [
      {
        path: 'a',
        capabilities: 'deny',
        allowed: [
          ['a', [1, 'x', true, ['y']]],
          ['b', []],
        ],
        denied: [['*', []]],
        required: ['R', 's'],
      },
    ],
  ],
  'parameters in two blocks, values without lists': [
    rule('allowed_parameters { a = "x" }\nallowed_parameters { A = ["y"]\n b = 2 }'),
    [
      {
        path: 'a',
        capabilities: 'deny',
        allowed: [
          ['a', ['x', 'y']],
          ['b', [2]],
        ],
      },
    ],
  ],
  'limits that a denial makes void': [
    rule('capabilities = ["deny"]\nrequired_parameters = ["x"]'),
    [{ path: 'a', capabilities: 'deny' }],
  ],
  'what belongs to another edition': [
    rule(
      'capabilities = ["read"]\ncomment = "c"\nmfa_methods = ["m"]\nsubscribe_event_types = ["*"]\ncontrol_group = { factor "f" { identity { group_names = ["g"]\n approvals = 1 } } }',
    ),
    [{ path: 'a', capabilities: 'read' }],
  ],
  JSON: [
    '{"path": {"a": {"capabilities": ["read"], "allowed_parameters": {"x": ["1"]}}, "b/*": {"policy": "write"}}}',
    [
      { path: 'a', capabilities: 'read', allowed: [['x', ['1']]] },
      { path: 'b/*', capabilities: 'create,delete,list,read,update' },
    ],
  ],
  'JSON with lists': [
    '{"path": [{"a": {"capabilities": ["read"]}}, {"b": [{"capabilities": ["list"]}]}]}',
    [
      { path: 'a', capabilities: 'read' },
      { path: 'b', capabilities: 'list' },
    ],
  ],
};

for (const [title, [text, expected]] of Object.entries(READ)) {
  test(`reads ${title}`, (t) => {
    t.deepEqual(parse(text), expected);
  });
}

const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
  'what is no HCL': ['path "a" {', 'At 1:11: object expected closing RBRACE got: EOF'],
  'an unknown capability': [
    rule('capabilities = ["read", "nope"]'),
    'path "a": invalid capability "nope"',
  ],
  'capabilities in capitals': [
    rule('capabilities = ["READ"]'),
    'path "a": invalid capability "READ"',
  ],
  'the capability root': [rule('capabilities = ["root"]'), 'path "a": invalid capability "root"'],
  'the capability recover': [
    rule('capabilities = ["recover"]'),
    'path "a": invalid capability "recover"',
  ],
  'capabilities with a comma in the text': [
    rule('capabilities = "read,list"'),
    'path "a": invalid capability "read,list"',
  ],
  'a capability that is no text': [
    rule('capabilities = [true]'),
    'path "a": At 2:17: capabilities: wrong type of value',
  ],
  'an unknown old word': [rule('policy = "all"'), 'path "a": invalid policy "all"'],
  'an unknown key': ['foo = 1', '1 error occurred:\n\t* invalid key "foo" on line 1\n\n'],
  'an unknown key of a path': [
    rule('capabilities = []\nfoo = 1'),
    '1 error occurred:\n\t* path "a": invalid key "foo" on line 3\n\n',
  ],
  'two unknown keys': [
    'foo = 1\n\nbar {}',
    '2 errors occurred:\n\t* invalid key "foo" on line 1\n\t* invalid key "bar" on line 3\n\n',
  ],
  'keys in capitals': [
    rule('Capabilities = []'),
    '1 error occurred:\n\t* path "a": invalid key "Capabilities" on line 2\n\n',
  ],
  'paths as an object': [
    'path = { "a" = { capabilities = [] } }',
    '1 error occurred:\n\t* path "path": invalid key "a" on line 1\n\n',
  ],
  'a path that is no block': ['path = "a"', 'At 1:8: a block is needed here'],
  '+*': ['path "/kv/+*" {}', `path "kv/+*": invalid use of wildcards ('+*' is forbidden)`],
  'templates that do not close': [
    'path "kv/{{identity.entity.id" {}',
    'failed to validate policy templating: unbalanced templating characters',
  ],
  'templates that do not open': [
    'path "kv/x}}" {}',
    'failed to validate policy templating: unbalanced templating characters',
  ],
  'templates in templates': [
    'path "kv/{{a{{b}}}}" {}',
    'failed to validate policy templating: unbalanced templating characters',
  ],
  'a minimum above the maximum': [
    rule('min_wrapping_ttl = "10m"\nmax_wrapping_ttl = "1m"'),
    'max_wrapping_ttl cannot be less than min_wrapping_ttl',
  ],
  'a time that is none': [
    rule('min_wrapping_ttl = "abc"'),
    'error parsing min_wrapping_ttl: time: invalid duration "abc"',
  ],
  'parameters that are no map': [
    rule('allowed_parameters = ["x"]'),
    'path "a": At 2:22: allowed_parameters: wrong type of value',
  ],
  'broken JSON': ['{"path": ', 'At 1:10: unexpected end'],
};

for (const [title, [text, reason]] of Object.entries(REFUSED)) {
  test(`refuses ${title}`, (t) => {
    t.throws(() => parsePolicy('p', text), {
      name: 'PolicyError',
      message: `failed to parse policy: ${reason}`,
    });
  });
}

test('a policy is templated if one of its paths is', (t) => {
  t.false(parsePolicy('p', 'path "a" {}').isTemplated);
  t.true(parsePolicy('p', 'path "a" {}\npath "b/{{identity.entity.id}}" {}').isTemplated);
});
