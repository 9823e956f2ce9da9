// A step that is an HTTP request, asked again where it waits for something.
import { setTimeout as sleep } from 'node:timers/promises';
import { exchange, readAnswer } from './http.ts';
import type { Answer, Exchange, Request } from './http.ts';
import { parsePrometheus } from './prometheus.ts';
import type { Step } from './scenario.ts';
import { fill, pick } from './variables.ts';
import { nodeOf, tokenOf } from './world.ts';
import type { World } from './world.ts';

const POLL_MS = 200;
const WAIT_SECONDS = 15;

export async function httpStep(at: string, step: Step, world: World): Promise<Answer> {
  let answered = await send(at, step, world);
  const last = Date.now() + (step.until?.seconds ?? WAIT_SECONDS) * 1000;
  while (!isReached(step, world, readAs(step, answered)) && Date.now() < last) {
    await sleep(POLL_MS);
    answered = await send(at, step, world);
  }
  if (step.keep !== undefined) world.variables.set(step.keep, base64Of(answered));
  return readAs(step, answered);
}

async function send(at: string, step: Step, world: World): Promise<Exchange> {
  const { servers, variables } = world;
  const asked: Request = {
    method: step.method ?? 'GET',
    path: fill(at, variables),
    body: fill(step.body, variables),
    raw: rawOf(step, world),
    token: tokenOf(step.token, world),
    headers: fill(step.headers ?? {}, variables),
    show: step.show ?? [],
    tls: servers.tls(fill(step.client, variables)),
  };
  return exchange(servers.address(nodeOf(step.node, world)), asked);
}

function rawOf(step: Step, { variables }: World): string | Buffer | undefined {
  if (step.bytes === undefined) return fill(step.raw, variables);
  return Buffer.from(fill(step.bytes, variables), 'base64');
}

function readAs(step: Step, answered: Exchange): Answer {
  if (step.binary === true || step.keep !== undefined) return readAnswer(answered, 'binary');
  if (step.parse !== 'prometheus') {
    return readAnswer(answered, step.parse === 'text' ? 'text' : 'json');
  }
  const answer = readAnswer(answered, 'json'); // errors are JSON
  const { body } = answer;
  return { ...answer, body: typeof body === 'string' ? parsePrometheus(body) : body };
}

function isReached({ until }: Step, { variables }: World, answer: Answer): boolean {
  if (until === undefined) return true;
  const { status, at } = until;
  if (status !== undefined && answer.status !== status) return false;
  return at === undefined || pick(answer, at) === fill(until.is, variables);
}

function base64Of(answered: Exchange): string {
  return 'content' in answered ? answered.content.toString('base64') : '';
}
