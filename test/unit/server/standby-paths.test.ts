// What standbys may answer. A write among it has to be added here, by somebody who has seen that it writes nothing.
import test from 'ava';
import { catalog } from '#server/mount/catalog.ts';
import type { Engine } from '#sdk/engine.ts';

const ENGINES: readonly (readonly [string, Engine | undefined])[] = [
  ['cubbyhole', catalog.find('secret', 'cubbyhole', {})],
  ['kv 1', catalog.find('secret', 'kv', { version: '1' })],
  ['kv 2', catalog.find('secret', 'kv', { version: '2' })],
  ['system', catalog.find('secret', 'system', {})],
  ['token', catalog.find('auth', 'token', {})],
  ['userpass', catalog.find('auth', 'userpass', {})],
];

const ASKED_BY_WRITE: Readonly<Record<string, readonly string[]>> = {
  system: [
    'audit-hash/{path...}',
    'capabilities',
    'capabilities-accessor',
    'capabilities-self',
    'leases/lookup',
    'tools/hash{/urlalgorithm}',
    'tools/random/{source}/{urlbytes}',
    'tools/random{/urlbytes}',
    'wrapping/lookup',
  ],
  token: ['lookup', 'lookup-accessor', 'lookup-self'],
};

const servedOf = (engine: Engine | undefined, verbs: readonly string[]): readonly string[] =>
  (engine?.paths ?? [])
    .filter(({ operations }) =>
      Object.entries(operations).some(
        ([verb, operation]) => verbs.includes(verb) && operation.standby === 'serve',
      ),
    )
    .map(({ template }) => template)
    .toSorted();

for (const [name, engine] of ENGINES) {
  test(`of ${name}, standbys answer reads, and of writes only those that change nothing`, (t) => {
    t.true(servedOf(engine, ['read', 'list']).length + servedOf(engine, ['write']).length > 0);
    t.deepEqual(servedOf(engine, ['write']), ASKED_BY_WRITE[name] ?? []);
    t.deepEqual(servedOf(engine, ['patch', 'delete']), []);
  });
}

/** Their answers are in the memory of the active node. */
const ACTIVE_ONLY = ['key-status', 'rekey/init', 'generate-root/attempt', 'ha-status'];

test('what only the active node knows is asked of it', (t) => {
  const served = servedOf(catalog.find('secret', 'system', {}), ['read', 'list']);
  t.deepEqual(
    ACTIVE_ONLY.filter((template) => served.includes(template)),
    [],
  );
});
