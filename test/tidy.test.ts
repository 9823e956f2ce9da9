// The architecture as a test: who may import whom, no dead files, no banned calls, every file opens with a comment.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';

/** A folder may import itself and the folders named here. Nothing else, in this direction only. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  sdk: [],
  raft: [],
  storage: ['sdk', 'raft'],
  engines: ['sdk'],
  auth: ['sdk'],
  server: ['sdk', 'raft', 'storage', 'engines', 'auth'],
  cli: ['sdk'],
};

/** The command `server` starts a server in its own process; every other one speaks HTTP. */
const SERVER_START = 'cli/commands/server.ts -> server/main.ts';

/** Files that nobody imports because a program or a person starts them. */
const ENTRY_POINTS = new Set(['cli/main.ts', 'server/main.ts']);

const PURE = /^(raft\/(?!driver)|sdk|engines|auth)/;
const BANNED: readonly (readonly [RegExp, string, RegExp])[] = [
  [/\bDate\.now\(|new Date\(\)/, 'take the time from the injected clock', PURE],
  [/\bset(Timeout|Interval)\(/, 'take timers from the injected clock', PURE],
  [/\bMath\.random\(/, 'use node:crypto, or the seeded generator in raft', /./],
  [/\bObject\.assign\(/, 'spread instead: assign follows __proto__', /./],
  [/\bFIXME\b/, 'finish it before it lands', /./],
];

const files = globSync('{sdk,raft,storage,engines,auth,server,cli}/**/*.ts');
const read = (file: string): string => readFileSync(file, 'utf8');
const IMPORT = /^(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

/** The project's own files that a file imports, as paths from the root. */
function imports(file: string): string[] {
  const targets = [...read(file).matchAll(IMPORT)].map((found) => found[1] ?? found[2] ?? '');
  return targets.flatMap((target) => {
    if (target.startsWith('#')) return [target.slice(1)];
    return target.startsWith('.') ? [normalize(join(dirname(file), target))] : [];
  });
}

const folderOf = (file: string): string => file.split('/')[0] ?? '';

/** The folder of an engine or auth method: `engines/kv` of `engines/kv/data.ts`. */
const neighbourhood = (file: string): string => file.split('/').slice(0, 2).join('/');

test('imports follow the dependency direction', (t) => {
  const wrong = files.flatMap((file) =>
    imports(file)
      .filter((target) => {
        const [from, to] = [folderOf(file), folderOf(target)];
        return from !== to && MAY_IMPORT[from]?.includes(to) !== true;
      })
      .map((target) => `${file} -> ${target}`),
  );
  t.deepEqual(
    wrong.filter((found) => found !== SERVER_START),
    [],
  );
});

test('no engine imports another engine, no auth method another', (t) => {
  const wrong = files
    .filter((file) => /^(engines|auth)\//.test(file))
    .flatMap((file) =>
      imports(file)
        .filter(
          (to) => folderOf(to) === folderOf(file) && neighbourhood(to) !== neighbourhood(file),
        )
        .map((to) => `${file} -> ${to}`),
    );
  t.deepEqual(wrong, []);
});

test('an import that crosses a border starts with #, one that stays home does not', (t) => {
  const wrong = files.flatMap((file) =>
    [...read(file).matchAll(IMPORT)]
      .map((found) => found[1] ?? found[2] ?? '')
      .filter((target) => {
        if (target.startsWith('#')) return folderOf(target.slice(1)) === folderOf(file);
        if (!target.startsWith('.')) return false;
        return folderOf(normalize(join(dirname(file), target))) !== folderOf(file);
      })
      .map((target) => `${file} -> ${target}`),
  );
  t.deepEqual(wrong, []);
});

test('every file is imported by another or is an entry point', (t) => {
  const seen = new Set([...files, ...globSync('{test,bench}/**/*.ts')].flatMap(imports));
  t.deepEqual(
    files.filter((file) => !seen.has(file) && !ENTRY_POINTS.has(file)),
    [],
  );
});

test('banned calls do not appear', (t) => {
  const hits = files.flatMap((file) =>
    BANNED.filter(([call, , where]) => where.test(file) && call.test(read(file))).map(
      ([, why]) => `${file}: ${why}`,
    ),
  );
  t.deepEqual(hits, []);
});

test('unit tests advance time instead of awaiting it', (t) => {
  const hits = globSync('test/unit/**/*.ts').filter((file) => /\bsetTimeout\(/.test(read(file)));
  t.deepEqual(hits, []);
});

test('every file opens with a comment that says what it is for', (t) => {
  t.deepEqual(
    files.filter((file) => !/^(#!.*\n)?\/[/*]/.test(read(file))),
    [],
  );
});

const prose = (file: string): string => read(file).replaceAll(/```[\s\S]*?```/g, '');

test('every document has one title and its relative links exist', (t) => {
  const documents = globSync('{*.md,docs/**/*.md}');
  const titles = documents.filter((file) => [...prose(file).matchAll(/^# /gm)].length !== 1);
  const broken = documents.flatMap((file) =>
    [...prose(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)]
      .map((found) => join(dirname(file), found[1] ?? ''))
      .filter((target) => !existsSync(target))
      .map((target) => `${file} -> ${target}`),
  );
  t.deepEqual([titles, broken], [[], []]);
});
