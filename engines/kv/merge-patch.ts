// JSON merge patch (RFC 7396): null removes a name, an object goes deeper, everything else replaces.
import { isJsonObject } from '#sdk/json.ts';

type Json = Readonly<Record<string, unknown>>;

/** Recursion ends where the patch does; how deep a body may be is bounded where it is parsed. */
export function mergePatch(target: unknown, patch: Json): Json {
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, isJsonObject(value) ? mergePatch(merged.get(name), value) : value);
  }
  return Object.fromEntries(merged);
}
