import test from 'ava';
import { Concealed, Payload, Section } from '#server/audit/concealed.ts';
import { Formatter } from '#server/audit/formatter.ts';
import { newSalt, Salt } from '#server/audit/hash.ts';
import { parseStyle } from '#server/audit/options.ts';

const SALT = newSalt();
const salt = new Salt(SALT);

const make = (options: Readonly<Record<string, string>> = {}) =>
  new Formatter(SALT, parseStyle(options, true));

const expected = (text: string) => `{"token":"${salt.hash(text)}"}\n`;

test('the hash of a token is kept with its record, and is that of its text', (t) => {
  const formatter = make();
  const owner = {};
  const line = (text: string, of?: object) =>
    formatter.line({ token: new Concealed('token', text, of) });
  t.is(line('a', owner), expected('a'));
  t.is(line('a', owner), expected('a'));
  t.is(line('b', {}), expected('b'));
  t.is(line('b'), expected('b'));
});

test('a token and its accessor have a hash each', (t) => {
  const owner = {};
  const fields = {
    token: new Concealed('token', 'a', owner),
    accessor: new Concealed('accessor', 'b', owner),
  };
  t.is(make().line(fields), `{"token":"${salt.hash('a')}","accessor":"${salt.hash('b')}"}\n`);
  t.is(
    make({ hmac_accessor: 'false' }).line(fields),
    `{"token":"${salt.hash('a')}","accessor":"b"}\n`,
  );
  t.is(make({ log_raw: 'true' }).line(fields), '{"token":"a","accessor":"b"}\n');
});

test('a header that was configured to be hashed is hashed on every device', (t) => {
  const fields = { headers: new Section({ 'x-note': [new Concealed('header', 'a')] }) };
  const hashed = `{"headers":{"x-note":["${salt.hash('a')}"]}}\n`;
  t.is(make().line(fields), hashed);
  t.is(make({ log_raw: 'true' }).line(fields), hashed);
});

test('the hash that is asked for is one even where everything is shown', (t) => {
  t.is(make({ log_raw: 'true' }).hash('x'), salt.hash('x'));
});

const names = (count: number) => Array.from({ length: count }, (_, index) => `name-${index}`);

test('an entry with very many texts gives others their turn and is the same', async (t) => {
  const keys = names(5_000);
  const entry = {
    accessor: new Concealed('accessor', 'b'),
    response: new Section({ data: new Payload({ keys }, []) }),
  };
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const line = await make().line(entry);
  isDone = true;
  t.true(turns >= 3);
  const hashes = keys.map((key) => `"${salt.hash(key)}"`).join(',');
  t.is(line, `{"accessor":"${salt.hash('b')}","response":{"data":{"keys":[${hashes}]}}}\n`);
});

test('a long list is nothing where lists are elided or nothing is hashed', (t) => {
  const entry = { data: new Payload({ keys: names(200_000) }, [], true) };
  t.is(make({ elide_list_responses: 'true' }).line(entry), '{"data":{"keys":200000}}\n');
  t.is(typeof make({ log_raw: 'true' }).line(entry), 'string');
});
