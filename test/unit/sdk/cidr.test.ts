// Blocks of addresses: what is one, how it is shown, what lies in it.
import test from 'ava';
import { blockContains, formatBlock, isWithinAny, parseBlock } from '#sdk/cidr.ts';

const SHOWN = [
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1/32', '127.0.0.1'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.2.3/8', '10.1.2.3/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['::1', '::1'],
  ['::', '::'],
  ['::/0', '::/0'],
  ['2001:DB8:0:0:1:0:0:1/128', '2001:db8::1:0:0:1'],
  ['2001:db8::/32', '2001:db8::/32'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['10:0:0:2:0:0:0:3', '10:0:0:2::3'],
  ['fe80::', 'fe80::'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
] as const;
for (const [text, expected] of SHOWN) {
  test(`${text} is shown as ${expected}`, (t) => {
    const block = parseBlock(text);
    t.is(block && formatBlock(block), expected);
  });
}

const REFUSED = [
  '',
  '/',
  'nowhere',
  '10.0.0',
  '10.0.0.0.0',
  '10.0.0.256',
  '010.0.0.1',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  ' 10.0.0.1',
  '10.0.0.1:80',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '1::2::3',
  ':::',
  '12345::',
  'g::',
  '::1.2.3',
  '1.2.3.4::',
  '::/129',
  'fe80::1%eth0',
  '1'.repeat(100_000),
] as const;
for (const text of REFUSED) {
  test(`${JSON.stringify(text.slice(0, 30))} is no block`, (t) => {
    t.is(parseBlock(text), undefined);
  });
}

const CONTAINED = [
  ['10.0.0.0/8', '10.255.1.2', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.1.2.3/8', '10.9.9.9', true],
  ['10.1.2.0/23', '10.1.3.255', true],
  ['10.1.2.0/23', '10.1.4.0', false],
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['127.0.0.0/8', '::ffff:127.0.0.1', true],
  ['::ffff:127.0.0.0/104', '127.1.2.3', true],
  ['0.0.0.0/0', '::1', false],
  ['::/0', '::1', true],
  ['::/0', '127.0.0.1', false],
  ['2001:db8::/33', '2001:db8:7fff::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['0.0.0.0/0', '', false],
  ['0.0.0.0/0', '10.0.0.0/8', false],
  ['0.0.0.0/0', 'localhost', false],
] as const;
for (const [text, address, expected] of CONTAINED) {
  test(`${address === '' ? 'no address' : address} ${expected ? 'lies' : 'does not lie'} in ${text}`, (t) => {
    const block = parseBlock(text);
    t.is(block !== undefined && blockContains(block, address), expected);
  });
}

test('an address lies within any of several blocks, or within none', (t) => {
  t.true(isWithinAny('::1', ['10.0.0.0/8', '::1']));
  t.false(isWithinAny('::2', ['10.0.0.0/8', '::1']));
  t.false(isWithinAny('10.0.0.1', []));
  t.false(isWithinAny('', ['10.0.0.0/8']));
  t.false(isWithinAny('10.0.0.1', ['no block']));
});
