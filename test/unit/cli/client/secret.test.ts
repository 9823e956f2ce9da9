import test from 'ava';
import { parseSecret } from '#cli/client/secret.ts';

test('an empty body is no secret', (t) => {
  t.is(parseSecret(''), undefined);
});

test('an envelope is read field by field', (t) => {
  const secret = parseSecret(
    '{"request_id":"r","lease_id":"l","lease_duration":5,"renewable":true,"data":{"a":1},"warnings":["w"]}',
  );
  t.like(secret, {
    requestId: 'r',
    leaseId: 'l',
    leaseDuration: 5,
    renewable: true,
    data: { a: 1 },
    warnings: ['w'],
  });
});

test('a body that is no envelope is data as a whole', (t) => {
  t.deepEqual(parseSecret('{"sealed":false,"t":1}')?.data, { sealed: false, t: 1 });
});

test('a body with errors alone is no secret', (t) => {
  t.is(parseSecret('{"errors":["x"]}'), undefined);
});

test('errors beside other data are an error', (t) => {
  t.throws(() => parseSecret('{"errors":["x","y"],"a":1}'), { message: 'x y' });
});

test('warnings make a secret of an answer without data', (t) => {
  t.deepEqual(parseSecret('{"warnings":["w"],"data":null}')?.warnings, ['w']);
});
