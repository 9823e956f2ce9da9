// token_* parameters: what is not sent stays, what does not go together is refused; old names beside the new.
import test from 'ava';
import { seconds } from '#sdk/duration.ts';
import { shownTokenFields, updateOldNames, type TokenSettings } from '#sdk/old-token-fields.ts';
import {
  decodeBlock,
  NO_TOKEN_FIELDS,
  updateTokenFields,
  type SentTokenFields,
  type StoredTokenFields,
} from '#sdk/token-fields.ts';

const NOTHING: SentTokenFields = {
  token_bound_cidrs: undefined,
  token_explicit_max_ttl: undefined,
  token_max_ttl: undefined,
  token_no_default_policy: undefined,
  token_num_uses: undefined,
  token_period: undefined,
  token_policies: undefined,
  token_ttl: undefined,
  token_type: undefined,
};
const FULL: StoredTokenFields = {
  token_bound_cidrs: ['10.0.0.0/8'],
  token_explicit_max_ttl: seconds(1),
  token_max_ttl: seconds(2),
  token_no_default_policy: true,
  token_num_uses: 3,
  token_period: seconds(4),
  token_policies: ['p'],
  token_ttl: seconds(1),
  token_type: 'service',
};

test('what is not sent stays, what is sent counts, also where it clears', (t) => {
  t.deepEqual(updateTokenFields(FULL, NOTHING), FULL);
  t.deepEqual(updateTokenFields(NO_TOKEN_FIELDS, FULL), FULL);
  t.deepEqual(updateTokenFields(FULL, NO_TOKEN_FIELDS), NO_TOKEN_FIELDS);
});

test('what is sent is checked together with what stays', (t) => {
  const longer = { ...NOTHING, token_ttl: seconds(3) };
  t.throws(() => updateTokenFields(FULL, longer), { message: /cannot be greater/ });
  t.notThrows(() => updateTokenFields(NO_TOKEN_FIELDS, longer));
  t.throws(() => updateTokenFields(FULL, { ...NOTHING, token_type: 'batch' }), {
    message: /periodic/,
  });
});

test('a block is kept as it is shown', (t) => {
  t.is(decodeBlock('127.0.0.1/32'), '127.0.0.1');
  t.is(decodeBlock('2001:DB8::/32'), '2001:db8::/32');
  t.throws(() => decodeBlock('nowhere'), { message: /^error parsing address "nowhere": / });
});

const NAMES = { ttl: 'token_ttl', policies: 'token_policies' } as const;
const START: TokenSettings = { fields: NO_TOKEN_FIELDS, oldNames: [] };

test('an old name sets the new one and is shown beside it, until the new one is sent alone', (t) => {
  const old = { ...NOTHING, ttl: seconds(60), policies: ['B', 'a'] };
  const set = updateOldNames(NAMES, START, old);
  t.deepEqual(shownTokenFields(NAMES, set), {
    ...NO_TOKEN_FIELDS,
    token_ttl: seconds(60),
    token_policies: ['a', 'b'],
    ttl: seconds(60),
    policies: ['a', 'b'],
  });
  const sent = { ...NOTHING, token_ttl: seconds(90) };
  const followed = { ...set, fields: updateTokenFields(set.fields, sent) };
  const taken = shownTokenFields(NAMES, updateOldNames(NAMES, followed, sent));
  t.deepEqual([taken['token_ttl'], taken['ttl'], taken['policies']], [90, undefined, ['a', 'b']]);
});

test('of both names the new one counts, and both are shown', (t) => {
  const sent = { ...NOTHING, ttl: seconds(1), token_ttl: seconds(2) };
  const followed = { ...START, fields: updateTokenFields(START.fields, sent) };
  const shown = shownTokenFields(NAMES, updateOldNames(NAMES, followed, sent));
  t.deepEqual([shown['ttl'], shown['token_ttl']], [2, 2]);
});
