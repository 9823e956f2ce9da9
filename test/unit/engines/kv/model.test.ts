// The engine and the oracle are asked the same random calls until every kind of call has succeeded, and long after.
import test from 'ava';
import { kvV2 } from '#engines/kv/index.ts';
import { TestMount, type Seen } from '#test/helpers/mount.ts';
import { Oracle, type Answer, type Call } from './oracle.ts';

type Json = Readonly<Record<string, unknown>>;
type Random = (below: number) => number;

const SEEDS = [1, 2, 3, 4, 5];
const CALLS = 3000;

/** Few, so that calls meet; one lies below another. */
const NAMES = ['a', 'a/b', 'a/b/c', 'd'];

/** The kinds of call, each as often as it stands here. */
const KINDS: Readonly<Record<string, (random: Random) => Call>> = {
  'write data': (random) =>
    call('write', `data/${name(random)}`, withOptions(random, value(random))),
  'write data again': (random) => call('write', `data/${name(random)}`, { data: value(random) }),
  'write nothing': (random) => call('write', `data/${name(random)}`, {}),
  'patch data': (random) =>
    call('patch', `data/${name(random)}`, withOptions(random, patch(random))),
  'read data': (random) => call('read', `data/${name(random)}`, version(random)),
  'delete data': (random) => call('delete', `data/${name(random)}`, {}),
  'read subkeys': (random) => call('read', `subkeys/${name(random)}`, version(random)),
  'write delete': (random) => call('write', `delete/${name(random)}`, versions(random)),
  'write undelete': (random) => call('write', `undelete/${name(random)}`, versions(random)),
  'write destroy': (random) => call('write', `destroy/${name(random)}`, versions(random)),
  'write metadata': (random) => call('write', `metadata/${name(random)}`, settings(random, false)),
  'patch metadata': (random) => call('patch', `metadata/${name(random)}`, settings(random, true)),
  'read metadata': (random) => call('read', `metadata/${name(random)}`, {}),
  'list metadata': (random) =>
    call('list', `metadata/${pick(random, ['', 'a/', 'a/b/', 'd/'])}`, {}),
  'delete metadata': (random) =>
    random(6) === 0
      ? call('delete', `metadata/${name(random)}`, {})
      : call('read', `metadata/${name(random)}`, {}),
  'write config': (random) => call('write', 'config', config(random)),
  'read config': () => call('read', 'config', {}),
};

for (const seed of SEEDS) {
  test(`engine and oracle agree about ${CALLS} calls of seed ${seed}`, async (t) => {
    const random = generator(seed);
    const mount = new TestMount(kvV2);
    const oracle = new Oracle();
    const kinds = Object.keys(KINDS);
    const waiting = new Set(kinds.filter((kind) => kind !== 'write nothing'));
    for (let count = 0; count < CALLS || waiting.size > 0; count++) {
      if (count > CALLS * 10) return t.fail(`never succeeded: ${[...waiting].join(', ')}`);
      const kind = pick(random, kinds);
      const asked = KINDS[kind]?.(random) ?? call('read', 'config', {});
      const expected = oracle.ask(asked, mount.clock.now());
      const seen = simplified(await ask(mount, asked), mount.clock.text());
      t.deepEqual(seen, expected, `call ${count}: ${JSON.stringify(asked)}`);
      if (seen.status < 300) waiting.delete(kind);
      if (random(5) === 0) mount.clock.advance(random(3000));
    }
    return t.pass();
  });
}

function ask(mount: TestMount, { verb, path, body }: Call): Promise<Seen> {
  if (verb === 'list' || verb === 'delete') return mount[verb](path);
  return mount[verb](path, body);
}

/** What the oracle knows of an answer: no times, but whether a version is deleted by now. */
function simplified({ status, data, errors }: Seen, now: string): Answer {
  const error = errors?.[0];
  const shown = data === undefined ? {} : { data: timeless(data, now) };
  return { status, ...shown, ...(error === undefined ? {} : { error }) };
}

const TIMES = new Set(['created_time', 'updated_time', 'delete_version_after', 'deletion_time']);

function timeless(data: unknown, now: string): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  const entries = Object.entries(data).flatMap(([key, inner]): [string, unknown][] => {
    if (key === 'deletion_time') return [['deleted', isPast(String(inner), now)]];
    return TIMES.has(key) ? [] : [[key, timeless(inner, now)]];
  });
  return Object.fromEntries(entries);
}

const isPast = (time: string, now: string): boolean =>
  time !== '' && Date.parse(time) <= Date.parse(now);

const call = (verb: Call['verb'], path: string, body: Json): Call => ({ verb, path, body });
const name = (random: Random): string => pick(random, NAMES);
const version = (random: Random): Json => (random(2) === 0 ? {} : { version: random(14) });
const versions = (random: Random): Json => ({ versions: [random(14), random(14) + 1] });

function value(random: Random): Json {
  return pick<Json>(random, [
    {},
    { a: random(9) },
    { a: { b: random(9), c: {} }, list: [random(9), null] },
    { a: 'x', none: null },
  ]);
}

function patch(random: Random): Json {
  return pick<Json>(random, [
    {},
    { a: null },
    { a: { b: null, d: random(9) } },
    { e: [random(9)] },
  ]);
}

function withOptions(random: Random, data: Json): Json {
  return random(2) === 0 ? { data } : { data, options: { cas: random(6) } };
}

function settings(random: Random, isPatch: boolean): Json {
  return pick<Json>(random, [
    { max_versions: random(5) },
    { cas_required: random(3) === 0 },
    { delete_version_after: random(4) },
    { custom_metadata: { k: `v${random(3)}` } },
    { custom_metadata: isPatch ? { k: null, l: 'x' } : {} },
    {},
  ]);
}

function config(random: Random): Json {
  return pick<Json>(random, [
    { max_versions: random(4) },
    { cas_required: random(4) === 0 },
    { delete_version_after: random(5) - 1 },
    {},
  ]);
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

/** Numerical Recipes' linear congruential generator: the same calls for the same seed, on every machine. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
