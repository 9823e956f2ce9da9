import test from 'ava';
import { OnceInAWhile } from '#server/cluster/once-in-a-while.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

function bench() {
  const clock = new TimerClock();
  const told: string[] = [];
  const once = new OnceInAWhile(clock, (subject, what, times) => {
    told.push(`${subject} ${what} ${times}`);
  });
  return { clock, told, once };
}

test('what goes on failing is told of at once, then once a minute with how often', (t) => {
  const { clock, told, once } = bench();
  for (let second = 0; second < 125; second += 1) {
    once.say('two', 'refused');
    clock.advance(1000);
  }
  t.deepEqual(told, ['two refused 1', 'two refused 60', 'two refused 60']);
});

test('each subject is told of', (t) => {
  const { told, once } = bench();
  once.say('two', 'refused');
  once.say('three', 'refused');
  once.say('two', 'refused');
  t.deepEqual(told, ['two refused 1', 'three refused 1']);
});

test('a clock that is set back does not silence anything', (t) => {
  const { clock, told, once } = bench();
  once.say('two', 'refused');
  clock.advance(-3_600_000);
  once.say('two', 'refused');
  t.is(told.length, 2);
});

test('subjects that strangers choose do not fill the memory', (t) => {
  const { told, once } = bench();
  for (let count = 0; count < 10_000; count += 1) once.say(`s${count}`, 'x');
  once.say('s9999', 'x');
  once.say('s0', 'x'); // forgotten, so told of again
  t.is(told.length, 10_001);
});
