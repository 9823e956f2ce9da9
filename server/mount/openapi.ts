// Declared paths as an OpenAPI 3 document.
import type { Path } from '#sdk/path.ts';
import type { Mount } from './mount.ts';

const METHOD_BY_VERB = {
  read: 'get',
  list: 'get',
  write: 'post',
  patch: 'patch',
  delete: 'delete',
} as const;

type Document = Readonly<Record<string, unknown>>;

/** The document of some of a mount's paths. */
export function openApi(mount: Mount, paths: readonly Path[]): Document {
  return documentOf(paths.map((path) => [urlOf(mount, path), pathItem(path)]));
}

/** The document of all paths of some mounts. */
export function openApiOf(mounts: readonly Mount[]): Document {
  return documentOf(
    mounts.flatMap((mount) =>
      mount.engine.paths.map((path) => [urlOf(mount, path), pathItem(path)] as const),
    ),
  );
}

function documentOf(items: readonly (readonly [string, Document])[]): Document {
  return {
    openapi: '3.0.2',
    info: {
      title: 'HashiCorp Vault API',
      description:
        'HTTP API that gives you full access to Vault. All API routes are prefixed with `/v1/`.',
      version: '1.16.3',
      license: { name: 'Mozilla Public License 2.0', url: 'https://www.mozilla.org/en-US/MPL/2.0' },
    },
    paths: Object.fromEntries(items),
  };
}

/** The template is OpenAPI's own but for captures of the rest and those that may be left out. */
const urlOf = (mount: Mount, { template }: Path): string =>
  `/${mount.entry.path}${template.replaceAll(/\{\/(\w+)\}/g, '/{$1}').replaceAll('...}', '}')}`;

function pathItem(path: Path): Document {
  const captured = new Set([...path.template.matchAll(/\{\/?(\w+)/g)].map(([, name]) => name));
  const parameters = Object.entries(path.fields).filter(([name]) => captured.has(name));
  const body = Object.entries(path.fields).filter(([name]) => !captured.has(name));
  const operations = Object.entries(path.operations).map(([verb, { summary }]) => ({
    [METHOD_BY_VERB[verb as keyof typeof METHOD_BY_VERB]]: {
      summary,
      responses: { 200: { description: 'OK' } },
      ...(hasBody(verb) ? requestBody(body) : {}),
    },
  }));
  return {
    description: path.help,
    ...(path.access === 'sudo' ? { 'x-vault-sudo': true } : {}),
    ...(path.access === 'public' ? { 'x-vault-unauthenticated': true } : {}),
    parameters: parameters.map(([name, field]) => ({
      name,
      description: field.description,
      in: 'path',
      schema: field.schema,
      required: true,
    })),
    ...operations.reduce<Document>((all, one) => ({ ...all, ...one }), {}),
  };
}

const hasBody = (verb: string): boolean => verb === 'write' || verb === 'patch';

function requestBody(body: readonly (readonly [string, Path['fields'][string]])[]): Document {
  const properties = body.map(([name, { schema, description }]): [string, Document] => [
    name,
    { ...schema, description },
  ]);
  const schema = { type: 'object', properties: Object.fromEntries(properties) };
  return { requestBody: { content: { 'application/json': { schema } } } };
}
