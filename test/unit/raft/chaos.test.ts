// A short walk through random trouble on every run of the tests; the simulator goes the long way, with the real driver.
import test from 'ava';
import { Chaos, QUIET, ROUGH } from '#test/helpers/raft-chaos.ts';
import type { Weather } from '#test/helpers/raft-chaos.ts';

const FIRST = 1;
const SEEDS = 4;
const TURNS = 3000;
const CALM = 2500;

const WEATHERS: readonly (readonly [string, Weather])[] = [
  ['everything', ROUGH],
  ['a network that loses much', { ...ROUGH, loss: 300, change: 0, amnesia: 0 }],
  ['changes of the servers', { ...ROUGH, loss: 5, crash: 1, change: 20 }],
];

for (const [what, weather] of WEATHERS) {
  for (const names of [
    ['a', 'b', 'c'],
    ['a', 'b', 'c', 'd', 'e'],
  ]) {
    test(`${names.length} nodes keep their promises under ${what}, and work when it is over`, (t) => {
      for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
        const chaos = new Chaos(seed, weather, names);
        chaos.run(TURNS);
        chaos.weather = QUIET;
        chaos.heal();
        chaos.run(CALM);
        const [leader, ...others] = chaos.cluster.leaders;
        t.is(others.length, 0, `seed ${seed}`);
        const before = chaos.acknowledged;
        leader?.propose(1_000_000, 'last');
        chaos.run(300);
        t.true(chaos.acknowledged > before, `seed ${seed}`);
        for (const { id } of leader?.status.configuration ?? []) {
          t.true(chaos.cluster.at(id).disk.position > before, `seed ${seed} ${id}`);
        }
      }
    });
  }
}
