// The form that entries and their parts have before they are written, and Vault's rule that what is empty is left out.

/** A part of an entry under its wire names, in their order. Fields that are `undefined` are left out. */
export type Part = Readonly<Record<string, unknown>>;

/** The community edition has one namespace. */
export const NAMESPACE = { id: 'root' } as const;

export function filled<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

export function filledMap<T extends object>(map: T | null | undefined): T | undefined {
  return map === null || map === undefined || Object.keys(map).length === 0 ? undefined : map;
}
