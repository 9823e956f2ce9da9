// One declaration for each path: routing, decoding, help, OpenAPI, access and the handler's types follow from it.
import type { Call, CallContext, Verb } from './call.ts';
import { DecodeError } from './decode.ts';
import { badRequest } from './errors.ts';
import type { Field, Fields } from './field.ts';
import type { Reply } from './reply.ts';
import { compileTemplate, type AnyCapture, type Captured, type Matcher } from './template.ts';

/** What the handler receives: captures and fields that are required or have a default are certain. */
export type Data<T extends string, F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer V, infer P>
    ? K extends Captured<T>
      ? V
      : 'present' extends P
        ? V
        : V | undefined
    : never;
};

type Answer = Reply | undefined;

export interface Operation<E, D> {
  /** One line for OpenAPI. */
  readonly summary: string;
  /**
   * `serve`: a node that is not active may answer too, because the handler only reads what is stored. Should it turn out
   * to write, what it did is thrown away and the active node asked. Without it only the active node runs the handler.
   */
  readonly standby?: 'serve';
  readonly handler: (call: Call<E, D>) => Answer | Promise<Answer>;
}

/** `public` needs no token, `sudo` the capability sudo besides the operation's own. */
export type Access = 'token' | 'sudo' | 'public';

/** What can be asked before the policy decides: the mount's storage and what the URL names. */
export interface ExistsCall<E, C> extends Pick<CallContext<E>, 'engine' | 'storage'> {
  readonly data: C;
}

export interface PathSpec<E, T extends string, F extends Fields> {
  /** First line: synopsis. After a blank line: description. */
  readonly help: string;
  readonly access?: Access;
  readonly fields: F & { readonly [K in AnyCapture<T>]: Field };
  /** With an existence check a write needs `create` or `update`; without one, always `update`. */
  readonly exists?: (call: ExistsCall<E, { readonly [K in Captured<T>]: string }>) => boolean;
  /** Takes any parameters, so that none is reported as unknown. */
  readonly isFree?: boolean;
  /** The data also stands beside the envelope, where clients of old look for it. */
  readonly isFlat?: boolean;
  readonly operations: { readonly [V in Verb]?: Operation<E, Data<T, F>> };
}

/** A declared path with its handler's types put aside, as the router, help and tests see it. */
export interface Path<E = unknown> {
  readonly template: string;
  readonly matcher: Matcher;
  readonly help: string;
  readonly access: Access;
  readonly fields: Fields;
  readonly isFree: boolean;
  readonly isFlat: boolean;
  readonly exists: ((call: ExistsCall<E, Readonly<Record<string, string>>>) => boolean) | undefined;
  readonly operations: { readonly [V in Verb]?: Operation<E, Readonly<Record<string, unknown>>> };
}

/** `const path = pathFor<Transit>()` fixes the engine once; every path then infers the rest. */
export function pathFor<E>() {
  return <const T extends string, const F extends Fields>(
    template: T,
    spec: PathSpec<E, T, F>,
  ): Path<E> => ({
    template,
    matcher: compileTemplate(template, spec.fields),
    help: spec.help,
    access: spec.access ?? 'token',
    fields: spec.fields,
    isFree: spec.isFree ?? false,
    isFlat: spec.isFlat ?? false,
    // `decodeData` gives each handler exactly the fields that its declaration names, so the narrower types hold.
    exists: spec.exists as Path<E>['exists'],
    operations: spec.operations as Path<E>['operations'],
  });
}

/** The fields of a request and Vault's warnings about the parameters that are none. */
export interface Decoded {
  readonly data: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/**
 * Decodes what was sent for a path. What the URL captured wins over a parameter of the same name.
 *
 * @throws ClientError 400 when a value does not fit its field, or a required one is missing
 */
export function decodeData(
  path: Pick<Path, 'fields' | 'isFree'>,
  verb: Verb,
  captures: Readonly<Record<string, string>>,
  parameters: Readonly<Record<string, unknown>>,
): Decoded {
  const data: Record<string, unknown> = {};
  const mustBeWhole = verb === 'write' || verb === 'patch';
  for (const [key, field] of Object.entries(path.fields)) {
    const sent = captures[key] ?? (Object.hasOwn(parameters, key) ? parameters[key] : undefined);
    if (sent !== undefined) data[key] = decodeOne(key, field, sent);
    else if (field.missing !== undefined && mustBeWhole) throw badRequest(field.missing);
    else data[key] = field.fallback;
  }
  return { data, warnings: parameterWarnings(path, captures, parameters) };
}

function decodeOne(key: string, field: Field, sent: unknown): unknown {
  try {
    return field.decode(sent);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(
      `Field validation failed: error converting input for field "${key}": ${error.message}`,
    );
  }
}

function parameterWarnings(
  { fields, isFree }: Pick<Path, 'fields' | 'isFree'>,
  captures: Readonly<Record<string, string>>,
  parameters: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = Object.keys(parameters);
  if (names.length === 0) return [];
  const ignored = isFree ? [] : names.filter((name) => !Object.hasOwn(fields, name)).toSorted();
  const replaced = names.filter((name) => Object.hasOwn(captures, name)).toSorted();
  return [
    ...(ignored.length === 0
      ? []
      : [`Endpoint ignored these unrecognized parameters: [${ignored.join(' ')}]`]),
    ...(replaced.length === 0
      ? []
      : [
          `Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [${replaced.join(' ')}]`,
        ]),
  ];
}
