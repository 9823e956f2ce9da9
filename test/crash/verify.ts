// After a blow: every acknowledged write is there, and nothing is there by half.
import type { Ledger, Token, Version, Versions } from './ledger.ts';
import type { Random } from './random.ts';
import { dataOf, inParallel } from './server.ts';
import type { Call } from './server.ts';

/** Of what did not change lately, so much is looked at each time. */
const SAMPLE = 40;
/** kv keeps this many versions of a secret. */
const VERSIONS_KEPT = 10;

interface Metadata {
  readonly current_version: number;
  readonly versions: Readonly<Record<string, { readonly deletion_time: string }>>;
}

/** One line for each thing that is not as it must be; what was in doubt is certain afterwards. */
export async function verify(
  call: Call,
  ledger: Ledger,
  random: Random,
): Promise<readonly string[]> {
  const problems: string[] = [];
  await inParallel([...ledger.secrets.keys(), ...ledger.touched], async (key) => {
    problems.push(...(await secretProblems(call, ledger, key)));
  });
  await inParallel([...ledger.live.values()], async (token) => {
    problems.push(...(await liveProblems(call, ledger, token)));
  });
  await inParallel(sample([...ledger.revoked.values()], random), async (token) => {
    problems.push(...(await revokedProblems(call, token)));
  });
  problems.push(...(await accessorProblems(call, ledger)));
  ledger.touched.clear();
  ledger.doubted = [];
  return problems;
}

function sample<Value>(values: readonly Value[], random: Random): readonly Value[] {
  const late = values.slice(-SAMPLE);
  return values.length <= SAMPLE ? late : [...late, ...late.map(() => random.pick(values))];
}

async function secretProblems(call: Call, ledger: Ledger, key: string): Promise<readonly string[]> {
  const metadata = await readMetadata(call, key);
  if (metadata === 'unreadable') return [`${key}: its metadata cannot be read`];
  const allowed = ledger.allowed(key);
  const state = allowed.find((versions) => isDescribedBy(versions, metadata));
  if (state === undefined) {
    return [
      `${key}: expected ${allowed.map(brief).join(' or ')}, found ${JSON.stringify(metadata)}`,
    ];
  }
  if (state.length > 0) ledger.secrets.set(key, state);
  const numbers = ledger.touched.has(key)
    ? Object.keys(metadata.versions).map(Number)
    : [state.length];
  const problems: string[] = [];
  for (const number of [...numbers, state.length + 1]) {
    problems.push(...(await versionProblems(call, key, number, state[number - 1])));
  }
  return problems;
}

async function readMetadata(call: Call, key: string): Promise<Metadata | 'unreadable'> {
  const answer = await call('GET', `secret/metadata/${key}`);
  if (answer.status === 404) return { current_version: 0, versions: {} };
  return answer.status === 200 ? (dataOf(answer) as unknown as Metadata) : 'unreadable';
}

function isDescribedBy(
  versions: Versions,
  { current_version: current, versions: found }: Metadata,
): boolean {
  const kept = versions
    .map(({ isDeleted }, index) => ({ number: String(index + 1), isDeleted }))
    .slice(-VERSIONS_KEPT);
  return (
    current === versions.length &&
    Object.keys(found).length === kept.length &&
    kept.every(({ number, isDeleted }) => {
      const version = found[number];
      return version !== undefined && (version.deletion_time !== '') === isDeleted;
    })
  );
}

function brief(versions: Versions): string {
  return `${versions.length} versions${versions.at(-1)?.isDeleted === true ? ', the last deleted' : ''}`;
}

async function versionProblems(
  call: Call,
  key: string,
  number: number,
  expected: Version | undefined,
): Promise<readonly string[]> {
  const answer = await call('GET', `secret/data/${key}?version=${number}`);
  const data = dataOf(answer)['data'] as { readonly value?: string } | null | undefined;
  const isThere = expected !== undefined && !expected.isDeleted;
  const isRight = isThere
    ? answer.status === 200 && data?.value === expected.value
    : answer.status === 404 && (data === null || data === undefined);
  return isRight ? [] : [`${key} version ${number}: ${JSON.stringify(answer).slice(0, 200)}`];
}

async function isFound(call: Call, { id, accessor }: Token): Promise<readonly [boolean, boolean]> {
  const byToken = await call('POST', 'auth/token/lookup', { token: id });
  const byAccessor = await call('POST', 'auth/token/lookup-accessor', { accessor });
  return [
    byToken.status === 200 && dataOf(byToken)['accessor'] === accessor,
    byAccessor.status === 200 && dataOf(byAccessor)['accessor'] === accessor,
  ];
}

/** A token is found by itself and by its accessor; one whose revocation is in doubt, by both or none. */
async function liveProblems(call: Call, ledger: Ledger, token: Token): Promise<readonly string[]> {
  const [byToken, byAccessor] = await isFound(call, token);
  const isDoubted = ledger.doubted.some(
    (operation) => operation.kind === 'revoke' && operation.token === token.id,
  );
  if (isDoubted && !byToken && !byAccessor) {
    ledger.bury(token.id);
    return [];
  }
  if (byToken && byAccessor) return [];
  return [`token ${token.accessor}: found by token ${byToken}, by accessor ${byAccessor}`];
}

async function revokedProblems(call: Call, token: Token): Promise<readonly string[]> {
  const [byToken, byAccessor] = await isFound(call, token);
  return byToken || byAccessor ? [`revoked token ${token.accessor} is there again`] : [];
}

/** Every accessor that is listed leads to a token, also of a creation that was never answered. */
async function accessorProblems(call: Call, ledger: Ledger): Promise<readonly string[]> {
  const answer = await call('GET', 'auth/token/accessors?list=true');
  const listed = dataOf(answer)['keys'] as readonly string[] | undefined;
  if (listed === undefined) return [`accessors are not listed: ${JSON.stringify(answer)}`];
  const problems: string[] = [];
  const known = new Set([...ledger.live.values()].map(({ accessor }) => accessor));
  await inParallel(
    listed.filter((accessor) => !known.has(accessor)),
    async (accessor) => {
      const { status } = await call('POST', 'auth/token/lookup-accessor', { accessor });
      if (status !== 200) problems.push(`accessor ${accessor} is listed, and leads to ${status}`);
    },
  );
  const missing = [...known].filter((accessor) => !listed.includes(accessor));
  return [...problems, ...missing.map((accessor) => `accessor ${accessor} is not listed`)];
}
