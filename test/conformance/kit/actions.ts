// What a step does: the first key of this table that it has names its action.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileAction } from './files.ts';
import { httpStep } from './http-step.ts';
import { decode, publicKeys, publicPem, sign } from './jwt.ts';
import { listen } from './listener.ts';
import { cliStep, toolStep } from './programs.ts';
import type { Actions, Step } from './scenario.ts';
import { sqlStep } from './sql.ts';
import { inspectSshCertificate } from './ssh.ts';
import { Stub } from './stub.ts';
import { fill, pick } from './variables.ts';
import { heardStep, linesStep, listenerOf } from './watch.ts';
import { nodeOf } from './world.ts';
import type { World } from './world.ts';
import { wrapKey } from './wrap.ts';
import { inspectCertificate } from './x509.ts';

type Action = (argument: unknown, step: Step, world: World) => Promise<unknown>;

type Table = {
  readonly [Name in keyof Actions]: (
    argument: Actions[Name],
    step: Step,
    world: World,
  ) => Promise<unknown>;
};

const ACTIONS: Table = {
  path: httpStep,
  cli: cliStep,
  tool: toolStep,
  jwt: signStep,
  decode: async (token, step, { variables }) =>
    decode(fill(token, variables), fill(step.keys, variables)),
  wrap: wrapStep,
  x509: async (pem, { issuer, extensions }, { variables }) =>
    inspectCertificate({
      pem: fill(pem, variables),
      issuer: fill(issuer, variables),
      extensions,
    }),
  sshcert: async (line, { issuer }, { variables }) =>
    inspectSshCertificate(fill(line, variables), fill(issuer, variables)),
  serve: serveStep,
  served: async (name, _, { stubs }) => stubs.get(name)?.requests,
  sleep: async (seconds) => sleep(seconds * 1000),
  sql: sqlStep,
  signal: async ({ node, signal = 'SIGHUP' }, _, world) =>
    world.servers.signalNode(nodeOf(node, world), signal),
  file: async (action, _, { variables }) => fileAction(fill(action, variables)),
  listen: listenStep,
  hangup: async (name, _, world) => listenerOf(name, world).close(),
  heard: heardStep,
  stop: async ({ node, signal = 'SIGKILL' }, _, world) =>
    world.servers.stopNode(nodeOf(node, world), signal),
  start: async ({ node }, _, world) => world.servers.startNode(nodeOf(node, world)),
  unseal: async (node, _, world) => world.servers.unseal(nodeOf(node, world)),
  roles: rolesStep,
  lines: linesStep,
  set: async (values, _, { variables }) => {
    for (const [name, value] of Object.entries(values)) {
      variables.set(name, fill(value, variables));
    }
  },
};
const NAMES = Object.keys(ACTIONS) as readonly (keyof Actions)[]; // the table has no other keys

/** Does what a step says, keeps what it saves, and returns what it was answered. */
export async function take(step: Step, world: World): Promise<unknown> {
  const name = actionOf(step);
  if (name === undefined) return undefined;
  const answer = await act(name, step, world);
  for (const [variable, at] of Object.entries(step.save ?? {})) {
    world.variables.set(variable, savedPart(answer, at));
  }
  if (step.same === undefined || typeof answer !== 'object') return answer;
  return { ...answer, same: sameness(step.same, answer, world) };
}

/** A step in a few words, for messages. */
export function describe(step: Step): string {
  if (step.step !== undefined) return step.step;
  if (step.cli !== undefined) return step.cli.join(' ');
  if (step.path !== undefined) return `${step.method ?? 'GET'} ${step.path}`;
  return actionOf(step) ?? 'nothing';
}

function actionOf(step: Step): keyof Actions | undefined {
  return NAMES.find((name) => step[name] !== undefined);
}

async function act(name: keyof Actions, step: Step, world: World): Promise<unknown> {
  const action = ACTIONS[name] as Action; // what the step has under that name is its argument
  return action(step[name], step, world);
}

/** The value at a dotted path; after a ~ a regular expression whose group is kept. */
function savedPart(answer: unknown, at: string): unknown {
  const [place = '', ...pattern] = at.split('~');
  const value = pick(answer, place);
  if (pattern.length === 0) return value;
  const found = new RegExp(pattern.join('~')).exec(String(value));
  return decodeURIComponent(found?.[1] ?? '');
}

/** For each dotted path whether the answer has that value there. */
function sameness(same: NonNullable<Step['same']>, answer: unknown, { variables }: World): unknown {
  return Object.fromEntries(
    Object.entries(same).map(([at, value]) => [
      at,
      JSON.stringify(pick(answer, at)) === JSON.stringify(fill(value, variables)),
    ]),
  );
}

/** A signed token, and the published forms of its key. */
async function signStep(jwt: Actions['jwt'], step: Step, { variables }: World): Promise<void> {
  const { key, alg = 'ES256' } = jwt;
  variables.set(nameOf(step), sign({ ...jwt, claims: fill(jwt.claims, variables) }));
  variables.set(`key.${key}`, publicPem(key, alg));
  variables.set(`jwks.${key}`, publicKeys(key, alg));
}

async function wrapStep(wrap: Actions['wrap'], step: Step, { variables }: World): Promise<void> {
  const wrapped = wrapKey(fill(wrap.key, variables), fill(wrap.for, variables), wrap.hash);
  variables.set(nameOf(step), wrapped);
}

function nameOf({ as }: Step): string {
  if (typeof as !== 'string') throw new Error('the step says no name for what it makes');
  return as;
}

/** A stub server; a second one of a name gives the first other answers. */
async function serveStep(serve: Actions['serve'], _: Step, world: World): Promise<void> {
  world.variables.set('url', '{{url}}'); // the stub puts its own address there
  const routes = fill(serve.routes, world.variables);
  const known = world.stubs.get(serve.name);
  if (known !== undefined) return known.replace(routes);
  const stub = await Stub.start(routes);
  world.stubs.set(serve.name, stub);
  world.variables.set(`${serve.name}.url`, stub.url);
}

async function listenStep(spec: Actions['listen'], _: Step, world: World): Promise<void> {
  const listener = await listen(fill(spec, world.variables));
  world.listeners.set(spec.name, listener);
  world.variables.set(`${spec.name}.address`, listener.address);
}

/** Which node is active and which are not: {{leader}} and {{leader.address}}, {{standby1}} and so on. */
async function rolesStep(_: boolean, __: Step, { servers, variables }: World): Promise<void> {
  const { active, others } = await servers.roles();
  const named = [active, ...others].map((id, index) => ({
    id,
    role: index === 0 ? 'leader' : `standby${index}`,
  }));
  for (const { id, role } of named) {
    variables.set(role, id);
    variables.set(`${role}.name`, `node${id}`);
    for (const part of ['address', 'cluster']) {
      variables.set(`${role}.${part}`, variables.get(`node${id}.${part}`));
    }
  }
}
