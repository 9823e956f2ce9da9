// Tokens signed with keys of the run, and told from others.
import test from 'ava';
import { decode, publicKeys, sign } from '#test/conformance/kit/jwt.ts';

const claims = { iat: '+0', exp: '+60', sub: 'ana' };

for (const alg of ['ES256', 'ES384', 'RS256', 'EdDSA']) {
  test(`decode() tells whose ${alg} token it is`, (t) => {
    const token = sign({ key: 'one', alg, claims });
    const { keys } = publicKeys('one', alg);
    t.like(decode(token, keys), { claims: { sub: 'ana' }, lifetime: 60, signed: true });
    const forged = sign({ key: 'two', alg, claims, header: { kid: 'one' } });
    t.like(decode(forged, keys), { signed: false });
    t.like(decode(token, []), { signed: false });
  });
}

test('sign() refuses an algorithm it has no keys for', (t) => {
  t.throws(() => sign({ key: 'one', alg: 'none', claims }), { message: 'no keys for none' });
});
