import test from 'ava';
import {
  boolFlag,
  durationFlag,
  intFlag,
  listFlag,
  mapFlag,
  parseFlags,
  textFlag,
} from '#cli/flags.ts';

const TABLE = {
  name: textFlag('', 'nobody'),
  force: boolFlag('', false, { aliases: ['f'] }),
  count: intFlag('', 5),
  ttl: durationFlag(''),
  policy: listFlag(''),
  meta: mapFlag(''),
};

const PARSED: readonly (readonly [readonly string[], object, readonly string[]])[] = [
  [[], {}, []],
  [['-name=a', 'x'], { name: 'a' }, ['x']],
  [['--name', 'a', '-force', 'x'], { name: 'a', force: true }, ['x']],
  [['-f', 'x'], { force: true }, ['x']],
  [['-f=false', '-name=a=b'], { force: false, name: 'a=b' }, []],
  [['-name='], { name: '' }, []],
  [['-count=-1', '-ttl=90'], { count: -1, ttl: 90 }, []],
  [['-ttl', '1h30m'], { ttl: 5400 }, []],
  [['-policy=a', '-policy', ' b '], { policy: ['a', 'b'] }, []],
  [['-meta=a=1', '-meta=b=2=3'], { meta: { a: '1', b: '2=3' } }, []],
  [['x', '-name=a'], {}, ['x', '-name=a']],
  [['-', '-name=a'], {}, ['-', '-name=a']],
  [['-force', '--', '-name=a'], { force: true }, ['-name=a']],
  [['-name', '-force'], { name: '-force' }, []],
];
for (const [args, expected, rest] of PARSED) {
  test(`parseFlags() reads ${JSON.stringify(args)}`, (t) => {
    const parsed = parseFlags(TABLE, args);
    const defaults = { name: 'nobody', force: false, count: 5, ttl: 0, policy: [], meta: {} };
    t.deepEqual(parsed.values, { ...defaults, ...expected });
    t.deepEqual(parsed.rest, rest);
    t.deepEqual([...parsed.given].toSorted(), Object.keys(expected).toSorted());
  });
}

const REFUSED: readonly (readonly [readonly string[], string])[] = [
  [['-nothing'], 'flag provided but not defined: -nothing'],
  [['-name'], 'flag needs an argument: -name'],
  [['---name=a'], 'bad flag syntax: ---name=a'],
  [['-=a'], 'bad flag syntax: -=a'],
  [
    ['-count=x'],
    'invalid value "x" for flag -count: strconv.ParseInt: parsing "x": invalid syntax',
  ],
  [
    ['-force=x'],
    'invalid boolean value "x" for -force: strconv.ParseBool: parsing "x": invalid syntax',
  ],
  [['-ttl=soon'], 'invalid value "soon" for flag -ttl: time: invalid duration "soon"'],
  [['-meta=a'], 'invalid value "a" for flag -meta: missing = in KV pair: "a"'],
  [['-constructor'], 'flag provided but not defined: -constructor'],
];
for (const [args, message] of REFUSED) {
  test(`parseFlags() refuses ${JSON.stringify(args)}`, (t) => {
    t.throws(() => parseFlags(TABLE, args), { message });
  });
}

test('a key named __proto__ is a key', (t) => {
  const { values } = parseFlags(TABLE, ['-meta=__proto__=x']);
  t.deepEqual(Object.entries(values['meta'] as object), [['__proto__', 'x']]);
});
