// The lists beside the scenarios speak of scenarios that exist, and say why.
import test from 'ava';
import {
  pendingReason,
  readDisputed,
  readPending,
  shortened,
} from '#test/conformance/kit/lists.ts';
import { areaOf, findScenarios, readScenario } from '#test/conformance/kit/scenario.ts';

const names = findScenarios();

test('what is pending exists and has a reason', (t) => {
  const { areas, scenarios, tests } = readPending();
  const known = new Set(names.map(areaOf));
  t.deepEqual(
    Object.keys(areas).filter((area) => !known.has(area)),
    [],
  );
  t.deepEqual(
    Object.keys(scenarios).filter((name) => !names.includes(name)),
    [],
  );
  t.true([areas, scenarios, tests].flatMap(Object.values).every((why) => why !== ''));
});

test('a disputed step exists, has an expectation, and a proof against it', (t) => {
  for (const { scenario, step, proof } of readDisputed()) {
    t.not(readScenario(scenario).steps[step - 1]?.expect, undefined, `${scenario} ${step}`);
    t.true(proof.length > 0, `${scenario} ${step}`);
  }
  t.true(Array.isArray(readDisputed()));
});

test('a scenario is pending by its own name or by its area', (t) => {
  const pending = { areas: { kv1: 'the area' }, scenarios: { 'kv2/one': 'the scenario' } };
  t.is(pendingReason(pending, 'kv1/any'), 'the area');
  t.is(pendingReason(pending, 'kv2/one'), 'the scenario');
  t.is(pendingReason(pending, 'kv2/two'), undefined);
});

test('the words of a filter choose scenarios by their path', (t) => {
  t.true(findScenarios(['kv2/']).every((name) => name.startsWith('kv2/')));
  t.true(findScenarios(['kv2/']).length > 0);
  t.deepEqual(findScenarios(['no such scenario']), []);
});

test('shortened() spells out an area of which some pass', (t) => {
  const all = ['kv1/a', 'kv1/b', 'kv2/a', 'kv2/b', 'pki/a'];
  const pending = {
    areas: { kv1: 'one', pki: 'three' },
    scenarios: { 'kv2/a': 'two', 'kv2/b': 'two' },
    tests: { other: 'four' },
    onFile: [],
  };
  t.deepEqual(shortened(pending, new Set(['kv1/b', 'kv2/a']), all), {
    areas: { pki: 'three' },
    scenarios: { 'kv1/a': 'one', 'kv2/b': 'two' },
    tests: { other: 'four' },
    onFile: [],
  });
  t.deepEqual(shortened(pending, new Set(), all), pending);
});
