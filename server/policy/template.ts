// Paths with `{{identity...}}` in them: taken apart once, filled in for each subject.

/** A piece of text, or a directive that stands for a value of the subject. */
export type Piece = string | { readonly directive: string };

/** Who the rules are for. Groups are all that the entity is in, also by way of other groups. */
export interface Subject {
  readonly entity?: SubjectEntity | undefined;
  readonly groups: readonly SubjectGroup[];
}

export interface SubjectEntity {
  readonly id: string;
  readonly name: string;
  readonly metadata?: Metadata | undefined;
  readonly aliases: readonly SubjectAlias[];
}

export interface SubjectAlias {
  readonly id: string;
  readonly name: string;
  readonly mount_accessor: string;
  readonly metadata?: Metadata | undefined;
  readonly custom_metadata?: Metadata | undefined;
}

export interface SubjectGroup {
  readonly id: string;
  readonly name: string;
  readonly metadata?: Metadata | undefined;
}

export type Metadata = Readonly<Record<string, string>>;

/** Takes a text apart. Braces that do not match are an error. */
export function parseTemplate(text: string): readonly Piece[] {
  const [first = '', ...rest] = text.split('{{');
  if (first.includes('}}')) throw unbalanced();
  const pieces = rest.flatMap((piece) => {
    const [directive = '', after, ...more] = piece.split('}}');
    if (after === undefined || more.length > 0) throw unbalanced();
    return [{ directive: directive.trim() }, after];
  });
  return [first, ...pieces];
}

/** What a directive stands for; `undefined` if it stands for nothing. */
export function valueOf(directive: string, subject: Subject): string | undefined {
  const value = lookUp(directive, subject);
  return value === '' ? undefined : value;
}

function lookUp(directive: string, { entity, groups }: Subject): string | undefined {
  const inEntity = after('identity.entity.', directive);
  if (inEntity !== undefined) return entity === undefined ? undefined : ofEntity(inEntity, entity);
  const inGroups = after('identity.groups.', directive);
  return inGroups === undefined ? undefined : ofGroups(inGroups, groups);
}

function ofEntity(selector: string, entity: SubjectEntity): string | undefined {
  const inAliases = after('aliases.', selector);
  if (inAliases !== undefined) return ofAliases(inAliases, entity.aliases);
  return ofNamed(selector, entity);
}

/** Of two aliases on one mount neither is meant: nobody knows which of them logged in. */
function ofAliases(selector: string, aliases: readonly SubjectAlias[]): string | undefined {
  const [accessor, field] = splitOnce(selector);
  const [alias, another] = aliases.filter((candidate) => candidate.mount_accessor === accessor);
  if (alias === undefined || another !== undefined || field === undefined) return undefined;
  const custom = after('custom_metadata.', field);
  return custom === undefined ? ofNamed(field, alias) : own(alias.custom_metadata, custom);
}

function ofGroups(selector: string, groups: readonly SubjectGroup[]): string | undefined {
  const [by, rest = ''] = splitOnce(selector);
  const [key, field = ''] = splitOnce(rest);
  if (by !== 'ids' && by !== 'names') return undefined;
  const group = groups.find(({ id, name }) => (by === 'ids' ? id : name) === key);
  return group === undefined ? undefined : ofNamed(field, group);
}

function ofNamed(
  field: string,
  {
    id,
    name,
    metadata,
  }: { readonly id: string; readonly name: string; readonly metadata?: Metadata | undefined },
): string | undefined {
  if (field === 'id') return id;
  if (field === 'name') return name;
  const key = after('metadata.', field);
  return key === undefined ? undefined : own(metadata, key);
}

const own = (metadata: Metadata | undefined, key: string): string | undefined =>
  metadata !== undefined && Object.hasOwn(metadata, key) ? metadata[key] : undefined;

const after = (start: string, text: string): string | undefined =>
  text.startsWith(start) ? text.slice(start.length) : undefined;

function splitOnce(text: string): readonly [string, string?] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

const unbalanced = (): Error => new Error('unbalanced templating characters');
