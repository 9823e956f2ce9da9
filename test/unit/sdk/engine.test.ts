// Engines as declared: the more literal of two templates is asked first, and a path stands once.
import test from 'ava';
import { defineAuthMethod, defineEngine } from '#sdk/engine.ts';
import { rest } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { grant, lease, listReply, raw } from '#sdk/reply.ts';
import { defineSecret } from '#sdk/secret.ts';
import { NO_TOKEN_FIELDS, tokenFields, tokenParameters } from '#sdk/token-fields.ts';
import { decodeTokenType } from '#sdk/token-type.ts';

const path = pathFor<null>();
const greedy = path('{path...}', { help: 'x', fields: { path: rest('x') }, operations: {} });
const literal = path('config', { help: 'x', fields: {}, operations: {} });
const start = (): null => null;

test('the more literal path comes first, whatever the order of declaration', (t) => {
  for (const paths of [
    [greedy, literal],
    [literal, greedy],
  ]) {
    const engine = defineEngine({ type: 'x', help: 'x', paths, start });
    t.deepEqual(
      engine.paths.map(({ template }) => template),
      ['config', '{path...}'],
    );
  }
});

test('a path that is declared twice is refused', (t) => {
  t.throws(() => defineAuthMethod({ type: 'x', help: 'x', paths: [literal, literal], start }), {
    message: /twice/,
  });
});

test('a lease names the secret that can revoke it, and keeps what that needs', (t) => {
  const creds = defineSecret<null, { user: string }>('creds', {
    renew: async () => {},
    revoke: async () => {},
  });
  const engine = defineEngine({ type: 'x', help: 'x', paths: [], secrets: [creds], start });
  const made = lease(creds, { password: 'p' }, { user: 'u' });
  t.true(engine.secrets.has(made.secret));
  t.deepEqual([made.internal, made.isRenewable, made.ttl], [{ user: 'u' }, true, undefined]);
});

test('a list of nothing is no answer', (t) => {
  t.is(listReply([]), undefined);
  t.deepEqual(listReply(['a'])?.data, { keys: ['a'] });
});

test('an answer of its own form keeps its status', (t) => {
  t.is(raw({ status: 418, contentType: 'text/plain', body: 'x' }).status, 418);
});

test('a grant has the token parameters of its user', (t) => {
  const stored = { ...NO_TOKEN_FIELDS, token_num_uses: 3, token_policies: ['p'] };
  const made = grant({
    alias: 'a',
    displayName: 'a',
    policies: stored.token_policies,
    metadata: {},
    token: tokenParameters(stored),
    internal: {},
  });
  t.deepEqual([made.token.numUses, made.policies], [3, ['p']]);
  t.deepEqual(Object.keys(tokenFields).toSorted(), Object.keys(NO_TOKEN_FIELDS).toSorted());
});

test('a token type is one of those that Vault has', (t) => {
  t.is(decodeTokenType('batch'), 'batch');
  t.is(decodeTokenType(''), 'default');
  t.throws(() => decodeTokenType('x'), { message: `invalid 'token_type' value "x"` });
});
