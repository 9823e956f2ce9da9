// How a scenario's variables are filled in.
import test from 'ava';
import { fill, fillExpected, pick, Variables } from '#test/conformance/kit/variables.ts';

function variables(): Variables {
  const made = new Variables();
  made.set('id', 'a.b');
  made.set('count', 3);
  made.set('encoded', Buffer.from('plain').toString('base64'));
  return made;
}

const FILLED: readonly (readonly [unknown, unknown])[] = [
  ['x {{id}} y', 'x a.b y'],
  ['{{count}}', 3],
  ['n={{count}}', 'n=3'],
  [{ '{{id}}': ['{{count}}'] }, { 'a.b': [3] }],
  ['{{base64:hi}}', 'aGk='],
  ['{{unbase64:encoded}}', 'plain'],
  ['{{name}} {{password}}', '{{name}} {{password}}'],
  ['{{identity.entity.id}}', '{{identity.entity.id}}'],
  ['{{.Name}} {{ random 8 }}', '{{.Name}} {{ random 8 }}'],
  [null, null],
  [7, 7],
];

for (const [value, filled] of FILLED) {
  test(`fill() makes ${JSON.stringify(filled)} of ${JSON.stringify(value)}`, (t) => {
    t.deepEqual(fill(value, variables()), filled);
  });
}

test('fill() refuses a variable that is not set', (t) => {
  t.throws(() => fill('{{missing}}', variables()), { message: 'no variable "missing"' });
});

test('fillExpected() leaves a variable that is not set', (t) => {
  t.is(fillExpected('{{missing}} {{id}}', variables()), '{{missing}} a.b');
});

test('fillExpected() takes a value literally within a pattern', (t) => {
  t.is(fillExpected('~^{{id}}$', variables()), String.raw`~^a\.b$`);
});

test('a masked token is unmasked with its one-time password', (t) => {
  const made = variables();
  made.set('otp', '\u0001\u0002\u0003');
  made.set('masked', Buffer.from([0x75, 0x6d, 0x68]).toString('base64'));
  t.is(fill('{{xor:masked,otp}}', made), 'tok');
});

test('a passcode has the digits its address asks for', (t) => {
  const made = variables();
  made.set(
    'otpauth',
    'otpauth://totp/a:b?algorithm=SHA256&digits=8&period=30&secret=GEZDGNBVGY3TQOJQ',
  );
  t.regex(fill('{{totp:otpauth}}', made), /^\d{8}$/);
});

test('pick() looks into an answer and into its body', (t) => {
  const answer = { status: 200, body: { data: { keys: ['x', 'y'], off: false } } };
  t.is(pick(answer, 'status'), 200);
  t.is(pick(answer, 'body.data.keys.1'), 'y');
  t.is(pick(answer, 'data.keys.0'), 'x');
  t.is(pick(answer, 'data.off'), false);
  t.is(pick(answer, 'data.none.deeper'), undefined);
  t.is(pick('text', 'data'), undefined);
});
