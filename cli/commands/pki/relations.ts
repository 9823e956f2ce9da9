// `vault pki verify-sign` and `list-intermediates`: which certificate issued which.
import type { Client } from '../../client/client.ts';
import { defineCommand } from '../../command.ts';
import { usageFailure } from '../../failure.ts';
import { boolFlag } from '../../flags.ts';
import { printData } from '../../format/output.ts';
import { table } from '../../format/table.ts';
import { expectArguments, sanitizePath } from '../../input/arguments.ts';
import { relate, type Relation } from './certificate.ts';
import { type Issuer, issuersOf, pkiMounts, readIssuer } from './issuer.ts';

export const pkiVerifySign = defineCommand({
  usage: 'pki verify-sign POSSIBLE-ISSUER POSSIBLE-ISSUED',
  about:
    'Verifies whether the listed issuer has signed the listed issued certificate. Both are paths of issuers.\n\n      $ vault pki verify-sign pki_root/issuer/root pki_int/issuer/int',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 2);
    const client = connect();
    const [issuer, issued] = [
      await readIssuer(client, args[0] ?? ''),
      await readIssuer(client, args[1] ?? ''),
    ];
    const relation = relate(issuer.certificate, issued.certificate, issued.chain);
    return printData(ui, {
      subject_match: relation.subjectMatch,
      path_match: relation.pathMatch,
      trust_match: relation.trustMatch,
      key_id_match: relation.keyIdMatch,
      signature_match: relation.signatureMatch,
    });
  },
});

const CRITERIA = {
  subject_match: boolFlag(
    'Whether the subject of the parent must be the issuer of the child.',
    true,
  ),
  key_id_match: boolFlag(
    'Whether the key id of the parent must be that of the issuer of the child.',
    true,
  ),
  path_match: boolFlag('Whether the chain of the child must hold the parent.'),
  direct_sign: boolFlag('Whether the parent itself must have signed the child.'),
  indirect_sign: boolFlag('Whether to trust the parent must be enough to trust the child.', true),
} as const;

export const pkiListIntermediates = defineCommand({
  usage: 'pki list-intermediates PARENT [CHILD] [CHILD] [CHILD] ...',
  about:
    'Lists the set of intermediate CAs issued by this parent issuer. PARENT is the path of an issuer; CHILD the path of another, or a pki mount whose issuers are all looked at. Without any CHILD all pki mounts are.\n\n      $ vault pki list-intermediates pki_root/issuer/root',
  shared: ['http', 'format'],
  flags: { ...CRITERIA, use_names: boolFlag('Name issuers by their names where they have one.') },
  run: async ({ flags, args, ui, connect }) => {
    const [parentPath, ...children] = args;
    if (parentPath === undefined) {
      throw usageFailure('Not enough arguments (expected potential parent, got nothing)');
    }
    const client = connect();
    const parent = await readIssuer(client, parentPath);
    const matches: [string, boolean][] = [];
    for (const path of await pathsOf(client, children)) {
      const child = await readIssuer(client, path);
      const relation = relate(parent.certificate, child.certificate, child.chain);
      const shown = flags.use_names ? named(path, child) : path;
      matches.push([shown, isMatch(relation, flags)]);
    }
    if (ui.format !== 'table') return printData(ui, Object.fromEntries(matches));
    const rows = matches.map(([path, match]) => [path, String(match)]);
    ui.output(table(['intermediate', 'match?'], rows));
    return 0;
  },
});

/** What is no issuer is a mount. */
async function pathsOf(client: Client, children: readonly string[]): Promise<readonly string[]> {
  const typed = children.length > 0 ? children : await pkiMounts(client);
  const paths: string[] = [];
  for (const child of typed) {
    const path = sanitizePath(child);
    if (/\/issuer\//.test(path)) paths.push(path);
    else paths.push(...(await issuersOf(client, path)));
  }
  return paths;
}

const named = (path: string, { name }: Issuer): string =>
  name === '' ? path : path.replace(/[^/]+$/, () => name);

interface Criteria {
  readonly subject_match: boolean;
  readonly key_id_match: boolean;
  readonly path_match: boolean;
  readonly direct_sign: boolean;
  readonly indirect_sign: boolean;
}

const isMatch = (relation: Relation, wanted: Criteria): boolean =>
  (!wanted.subject_match || relation.subjectMatch) &&
  (!wanted.key_id_match || relation.keyIdMatch) &&
  (!wanted.path_match || relation.pathMatch) &&
  (!wanted.direct_sign || relation.signatureMatch) &&
  (!wanted.indirect_sign || relation.trustMatch);
