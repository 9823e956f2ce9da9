// What `?help=1` tells of a mount or a path, from the same declarations that route requests.
import type { Path } from '#sdk/path.ts';
import { raw, type RawReply } from '#sdk/reply.ts';
import { openApi } from './openapi.ts';
import type { Mount, Target } from './mount.ts';

export function describeHelp(
  mount: Mount,
  target: Target | undefined,
  relativePath: string,
): RawReply {
  const isMount = relativePath === '' || target === undefined;
  const help = isMount ? describeMount(mount) : describePath(target.path, relativePath);
  const paths = isMount ? mount.engine.paths : [target.path];
  const body = { help, see_also: null, openapi: openApi(mount, paths) };
  return raw({ status: 200, contentType: 'application/json', body: `${JSON.stringify(body)}\n` });
}

function describeMount({ engine }: Mount): string {
  const sections = engine.paths
    .toSorted((one, other) => (one.template < other.template ? -1 : 1))
    .map((path) => `    ^${path.template}$\n        ${synopsis(path)}\n`);
  return `## DESCRIPTION\n\n${engine.help}\n\n## PATHS\n\nThe following paths are supported by this backend. To view help for\nany of the paths below, use the help command with any route matching\nthe path pattern. Note that depending on the policy of your auth token,\nyou may or may not be able to access certain paths.\n\n${sections.join('\n')}`;
}

function describePath(path: Path, relativePath: string): string {
  const parameters = Object.entries(path.fields)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => `    ${name} (${field.kind})\n        ${field.description}\n`);
  const [, ...description] = path.help.split('\n\n');
  return `Request:        ${relativePath}\nMatching Route: ^${path.template}$\n\n${synopsis(path)}\n\n## PARAMETERS\n\n${parameters.join('\n')}\n## DESCRIPTION\n\n${description.join('\n\n')}`;
}

const synopsis = ({ help }: Path): string => help.split('\n')[0] ?? '';
