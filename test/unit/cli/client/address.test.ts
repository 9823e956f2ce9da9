import test from 'ava';
import { cleanPath, parseAddress, socketOf, urlOf } from '#cli/client/address.ts';

const base = new URL('http://127.0.0.1:8200');

const URLS: readonly (readonly [string, string])[] = [
  ['secret/data/a', '/v1/secret/data/a'],
  ['with blank', '/v1/with%20blank'],
  ['größe/ä', '/v1/gr%C3%B6%C3%9Fe/%C3%A4'],
  ['a?b#c', '/v1/a%3Fb%23c'],
  ['a%2Fb', '/v1/a%252Fb'],
  ["x!'()*", '/v1/x%21%27%28%29%2A'],
  ['a:b@c=d+e&f;g,h$i', '/v1/a:b@c=d+e&f;g,h$i'],
  ['a//b/./c/../d/', '/v1/a/b/d'],
  ['{{name}}', '/v1/%7B%7Bname%7D%7D'],
];
for (const [path, expected] of URLS) {
  test(`the path ${path} becomes ${expected}`, (t) => {
    t.is(urlOf(base, path, []).href, base.origin + expected);
  });
}

test('an address may have a path of its own', (t) => {
  t.is(
    urlOf(new URL('http://x/vault/'), 'a', [['list', 'true']]).href,
    'http://x/vault/v1/a?list=true',
  );
});

test('keys of a query are sorted, and may repeat', (t) => {
  t.is(
    urlOf(base, 'a', [
      ['b', '1'],
      ['a', 'x y'],
      ['b', '2'],
    ]).search,
    '?a=x+y&b=1&b=2',
  );
});

test('.. does not leave the root', (t) => {
  t.is(cleanPath('../../a'), '/a');
});

test('a socket is an address', (t) => {
  t.is(socketOf('unix:///run/vault.sock'), '/run/vault.sock');
  t.is(socketOf('http://x'), undefined);
});

for (const address of ['::', '127.0.0.1:8200', 'vault', '']) {
  test(`the address ${JSON.stringify(address)} is refused`, (t) => {
    t.throws(() => parseAddress(address));
  });
}
