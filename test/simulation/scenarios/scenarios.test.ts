import test from 'ava';
import { outsideOfPromises } from '../microtasks.ts';
import { SCENARIOS } from './all.ts';
import { playScenario } from './stage.ts';

for (const scenario of SCENARIOS) {
  test(scenario.name, async (t) => {
    const [failure] = await outsideOfPromises(() => playScenario(scenario));
    t.is(failure, undefined);
  });
}
