// A login that waits for a second factor: with one method to choose from it is confirmed right away.
import { object, type JsonObject, type Secret, text } from '../../client/secret.ts';
import { orFail } from '../../failure.ts';
import { wrap } from '../../format/wrap.ts';
import type { Ui } from '../../ui.ts';
import type { LoginRequest } from './method.ts';

/** The answer after the second factor; unchanged where none is asked for or nobody can give one. */
export async function confirmWithSecondFactor(
  answer: Secret | undefined,
  request: LoginRequest,
  ui: Ui,
): Promise<Secret | undefined> {
  const requirement = answer?.auth?.mfaRequirement;
  if (requirement === undefined) return answer;
  const method = onlyMethod(requirement);
  if (method === undefined || !request.isInteractive) {
    ui.error(
      `${wrap('A login request was issued that is subject to MFA validation. Please make sure to validate the login by sending another request to sys/mfa/validate endpoint.')}\n`,
    );
    return answer;
  }
  const passcode = method['uses_passcode'] === true ? await ask(method, request) : '';
  const body = {
    mfa_request_id: requirement['mfa_request_id'],
    mfa_payload: { [text(method['id'])]: passcode === '' ? [] : [passcode] },
  };
  return orFail('', request.client.call('POST', 'sys/mfa/validate', { body }));
}

/** The method, where there is no choice. */
function onlyMethod(requirement: JsonObject): JsonObject | undefined {
  const constraints = Object.values(object(requirement['mfa_constraints']) ?? {});
  const [methods, ...others] = constraints.map((constraint) => object(constraint)?.['any']);
  if (others.length > 0 || !Array.isArray(methods) || methods.length !== 1) return undefined;
  return object(methods[0]);
}

async function ask(method: JsonObject, { host }: LoginRequest): Promise<string> {
  host.stderr(
    `Enter the passphrase for methodID "${text(method['id'])}" of type "${text(method['type'])}": `,
  );
  try {
    return (await orFail('failed to read the passphrase', host.readHidden())).trim();
  } finally {
    host.stderr('\n');
  }
}
