// Where a path leads: to the mount with that prefix, and there to the most literal template that matches.
import type { Engine } from '#sdk/engine.ts';
import type { Path } from '#sdk/path.ts';
import type { Mount, Target } from './mount.ts';

/** A mount, and what is left of the path below it. */
export interface Found {
  readonly mount: Mount;
  readonly relativePath: string;
}

export type Router = (path: string) => Found | undefined;

/** No mount lies below another, so the first prefix that is one is the only one. */
export function makeRouter(mounts: readonly Mount[]): Router {
  const byPath = new Map(mounts.map((mount) => [mount.entry.path, mount]));
  return (path) => {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const mount = byPath.get(path.slice(0, at + 1));
      if (mount !== undefined) return { mount, relativePath: path.slice(at + 1) };
    }
    const whole = byPath.get(`${path}/`);
    return whole === undefined ? undefined : { mount: whole, relativePath: '' };
  };
}

export type TargetFinder = (relativePath: string) => Target | undefined;

/** Finds the declared path of a URL; only templates that can match its first segment are tried. */
export function makeTargetFinder({ paths }: Pick<Engine, 'paths'>): TargetFinder {
  const firsts = new Set(paths.map(({ matcher }) => matcher.first));
  const candidates = (first: string | undefined): readonly Path[] =>
    paths.filter(({ matcher }) => matcher.first === undefined || matcher.first === first);
  const byFirst = new Map([...firsts].map((first) => [first, candidates(first)]));
  const others = candidates(undefined);
  return (relativePath) => {
    const slash = relativePath.indexOf('/');
    const first = slash === -1 ? relativePath : relativePath.slice(0, slash);
    for (const path of byFirst.get(first) ?? others) {
      const captures = path.matcher.match(relativePath);
      if (captures !== undefined) return { path, captures };
    }
    return undefined;
  };
}
