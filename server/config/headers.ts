// custom_response_headers of a listener: which headers an answer of which status carries.
import { HclError } from '../hcl/position.ts';
import type { Value } from '../hcl/values.ts';
import { asBody, readText, type Setting } from './setting.ts';

/** Headers by status: `default`, a class like `2xx`, or a code like `404`; the more special one wins. */
export type CustomResponseHeaders = ReadonlyMap<string, ReadonlyMap<string, string>>;

const STATUS = /^(default|[1-5]xx|[1-5]\d\d)$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const DEFAULT_NAME = 'Strict-Transport-Security';
const DEFAULT_VALUE = 'max-age=31536000; includeSubDomains';

export const customResponseHeaders = (): Setting<CustomResponseHeaders> => ({
  initial: withDefault(new Map()),
  read: (value) => withDefault(readStatuses(value)),
});

function readStatuses(value: Value): CustomResponseHeaders {
  const statuses = asBody(value).entries.map(({ keys, value: headers }) => {
    const status = keys[0]?.text ?? '';
    if (!STATUS.test(status)) {
      throw new HclError(`invalid status code ${JSON.stringify(status)}`, headers.at);
    }
    return [status, readHeaders(headers)] as const;
  });
  return new Map(statuses);
}

function readHeaders(value: Value): ReadonlyMap<string, string> {
  const headers = asBody(value).entries.map(({ keys, value: parts }) => {
    const name = keys[0]?.text ?? '';
    if (!NAME.test(name) || name.toLowerCase().startsWith('x-vault-')) {
      throw new HclError(`header ${JSON.stringify(name)} may not be set`, parts.at);
    }
    const texts = parts.type === 'list' ? parts.items.map(readText) : [readText(parts)];
    const joined = texts.join('; ');
    if (/[\r\n\0]/.test(joined)) throw new HclError(`header ${name} has a line break`, parts.at);
    return [name, joined] as const;
  });
  return new Map(headers);
}

/** Browsers are told to come back by TLS only, unless the file says otherwise. */
function withDefault(headers: CustomResponseHeaders): CustomResponseHeaders {
  const always = headers.get('default') ?? new Map<string, string>();
  const names = [...always.keys()].map((name) => name.toLowerCase());
  if (names.includes(DEFAULT_NAME.toLowerCase())) return headers;
  return new Map([...headers, ['default', new Map([...always, [DEFAULT_NAME, DEFAULT_VALUE]])]]);
}
