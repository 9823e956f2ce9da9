import test from 'ava';
import { Nonces } from '#storage/barrier/nonces.ts';

test('100,000 nonces are all different', (t) => {
  const nonces = new Nonces();
  const seen = new Set<string>();
  for (let count = 0; count < 100_000; count++) {
    const nonce = Buffer.alloc(12);
    nonces.fill(nonce);
    seen.add(nonce.toString('latin1'));
  }
  t.is(seen.size, 100_000);
});

test('two sources do not give the same nonces', (t) => {
  const [one, two] = [0, 1].map(() => {
    const nonce = Buffer.alloc(12);
    new Nonces().fill(nonce);
    return nonce;
  });
  t.notDeepEqual(one, two);
});
