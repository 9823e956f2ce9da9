// What standbys tell of themselves.
import test from 'ava';
import { Echoer, Echoes, parseEcho, type Echo } from '#server/cluster/echo.ts';
import { settle } from '#test/helpers/medium.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';
import { server } from '#test/helpers/whole-cluster.ts';

const ECHO: Echo = {
  hostname: 'b',
  apiAddress: 'http://127.0.0.1:8210',
  clusterAddress: 'https://127.0.0.1:8211',
  version: '1.16.3',
  appliedIndex: 12,
  term: 3,
};

test('an echo is taken for what it says', (t) => {
  t.deepEqual(parseEcho(JSON.parse(JSON.stringify(ECHO))), ECHO);
});

const quiet = (): void => {};

const REFUSED: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['a text', 'echo'],
  ['a list', []],
  ['an empty object', {}],
  ['a missing name', { ...ECHO, hostname: undefined }],
  ['a number for a text', { ...ECHO, version: 1 }],
  ['a text that is too long', { ...ECHO, apiAddress: 'x'.repeat(1025) }],
  ['a text for a number', { ...ECHO, term: '3' }],
  ['a fraction', { ...ECHO, appliedIndex: 1.5 }],
  ['a negative number', { ...ECHO, appliedIndex: -1 }],
];

for (const [what, value] of REFUSED) {
  test(`${what} is no echo`, (t) => t.is(parseEcho(value), undefined));
}

test('the last echo of a node is kept with its time, until the node is no server any more', (t) => {
  const clock = new TimerClock();
  const echoes = new Echoes(clock);
  const [one, two] = [server('node1').id, server('node2').id];
  echoes.hear(one, ECHO);
  echoes.hear(two, ECHO);
  clock.advance(1000);
  echoes.hear(one, { ...ECHO, appliedIndex: 13 });
  t.deepEqual(echoes.of(one), { echo: { ...ECHO, appliedIndex: 13 }, at: clock.now() });
  echoes.keep([one]);
  t.is(echoes.of(two), undefined);
  t.truthy(echoes.of(one));
});

test('a standby echoes every second, more often while nobody hears it, until it is none', async (t) => {
  const clock = new TimerClock();
  const sent: Echo[] = [];
  let isHeard = true;
  const log = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
  const echoer = new Echoer({
    clock,
    log,
    describe: () => ECHO,
    send: (echo) => {
      sent.push(echo);
      return isHeard ? Promise.resolve(true) : Promise.reject(new Error('nobody there'));
    },
  });
  echoer.start();
  await settle();
  t.is(sent.length, 1);
  isHeard = false;
  clock.advance(999);
  await settle();
  t.is(sent.length, 1);
  clock.advance(1);
  await settle();
  isHeard = true;
  clock.advance(250);
  await settle();
  t.is(sent.length, 3);
  echoer.stop();
  clock.advance(10_000);
  await settle();
  t.is(sent.length, 3);
  t.is(clock.pending, 0);
});
