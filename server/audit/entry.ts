// What the log says of a request: one entry before the operation runs and one before anything leaves. Names and
// order are Vault's: the time first, everything else by name. https://developer.hashicorp.com/vault/docs/audit/schema
import type { Finished, Verdict } from '../request/stages.ts';
import type { Asked } from './asked.ts';
import { Section } from './concealed.ts';
import { errorText } from './failure.ts';
import { NAMESPACE, type Part } from './part.ts';
import { loginSection, responsePart } from './response.ts';

export function requestEntry(verdict: Verdict, asked: Asked, time: string): Part {
  return {
    time,
    auth: asked.auth,
    error: errorText(verdict),
    request: asked.request,
    type: 'request',
  };
}

export function responseEntry({ verdict, outcome }: Finished, asked: Asked, time: string): Part {
  return {
    time,
    auth: loginSection(outcome) ?? asked.auth,
    error: errorText(verdict, outcome),
    request: asked.request,
    response: new Section(responsePart(verdict, outcome)),
    type: 'response',
  };
}

/** What a new device writes first, so that one that cannot write is not enabled. */
export function testEntry(id: string, time: string): Part {
  return {
    time,
    auth: new Section({ token_type: 'default' }),
    request: new Section({
      id,
      namespace: NAMESPACE,
      operation: 'update',
      path: 'sys/audit/test',
    }),
    type: 'request',
  };
}
