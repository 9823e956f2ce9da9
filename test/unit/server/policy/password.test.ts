// What a password policy may say, and what its passwords look like.
import test from 'ava';
import {
  generatePassword,
  parsePasswordPolicy,
  PasswordPolicyError,
} from '#server/policy/password.ts';

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['no rules', 'length = 20', /no charset specified/],
  ['no length', 'rule "charset" { charset = "abc" }', /length must be > 0/],
  [
    'too short',
    'length = 3\nrule "charset" { charset = "abc" }',
    /^passwords must be between 4 and 100 characters$/,
  ],
  [
    'too long',
    'length = 101\nrule "charset" { charset = "abc" }',
    /^passwords must be between 4 and 100 characters$/,
  ],
  ['an empty charset', 'length = 20\nrule "charset" { charset = "" }', /charset cannot be empty/],
  [
    'a line break as a character',
    'length = 20\nrule "charset" { charset = "a\\nb" }',
    /non-printable/,
  ],
  [
    'a rule of another kind',
    'length = 20\nrule "dictionary" { a = "b" }',
    /unrecognized rule type "dictionary"/,
  ],
  [
    'a length in parts',
    'length = 4.5\nrule "charset" { charset = "abc" }',
    /length must be a whole number/,
  ],
  [
    'more than fits',
    'length = 5\nrule "charset" { charset = "ab"\n min-chars = 4 }\nrule "charset" { charset = "12"\n min-chars = 4 }',
    /rules require at least 8 characters but 5 is specified/,
  ],
  ['what is no HCL', 'length = {', /^invalid password policy: /],
];

for (const [what, text, message] of REFUSED) {
  test(`parsePasswordPolicy() refuses ${what}`, (t) => {
    t.throws(() => parsePasswordPolicy(text), { instanceOf: PasswordPolicyError, message });
  });
}

test('generatePassword() keeps each rule, and nothing but the charsets', (t) => {
  const policy = parsePasswordPolicy(`
    length = 12
    rule "charset" { charset = "abcdef" min-chars = 2 }
    rule "charset" { charset = "0123456789" min-chars = 5 }
    rule "charset" { charset = "é🙂" min-chars = 1 }
  `);
  const passwords = Array.from({ length: 200 }, () => generatePassword(policy));
  for (const password of passwords) {
    const characters = Array.from(password);
    t.is(characters.length, 12);
    t.true(characters.filter((one) => 'abcdef'.includes(one)).length >= 2);
    t.true(characters.filter((one) => '0123456789'.includes(one)).length >= 5);
    t.true(characters.every((one) => 'abcdef0123456789é🙂'.includes(one)));
  }
  t.is(new Set(passwords).size, passwords.length);
});

test('generatePassword() puts what is required anywhere', (t) => {
  const policy = parsePasswordPolicy(
    'length = 4\nrule "charset" { charset = "x" min-chars = 1 }\nrule "charset" { charset = "abcdefghij" }',
  );
  const places = new Set(Array.from({ length: 300 }, () => generatePassword(policy).indexOf('x')));
  t.is(places.size, 4);
});
