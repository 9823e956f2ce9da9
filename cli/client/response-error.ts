// An answer of 400 or above, in the words that `vault` prints for it.
import { isJsonObject, parseJson } from '#sdk/json.ts';
import { texts } from './secret.ts';

export interface Refusal {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly body: string;
}

/** The server answered, and refused. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
  readonly status: number;
  readonly body: string;

  constructor(refusal: Refusal) {
    super(describe(refusal));
    this.status = refusal.status;
    this.body = refusal.body;
  }
}

function describe({ method, url, status, body }: Refusal): string {
  const errors = errorsIn(body);
  const kind = errors === undefined ? 'Raw Message' : 'Errors';
  const said = errors === undefined ? body : errors.map((error) => `* ${error}`).join('\n');
  return `Error making API request.\n\nURL: ${method} ${url}\nCode: ${status}. ${kind}:\n\n${said}`;
}

/** The list of errors in a body, or nothing where the body is not JSON at all. */
function errorsIn(body: string): readonly string[] | undefined {
  try {
    const answer = parseJson(body);
    return isJsonObject(answer) ? (texts(answer['errors']) ?? []) : [];
  } catch {
    return undefined; // a proxy, or no server of ours: its words are shown as they are
  }
}
