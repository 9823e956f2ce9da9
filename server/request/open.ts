// Whether a path answers without a token: because it is declared so, or because the listener lets anybody ask for it.
import type { Admitted } from './stages.ts';

export function isOpenToAll({ arrived, target }: Pick<Admitted, 'arrived' | 'target'>): boolean {
  if (target === undefined) return false;
  if (target.path.access === 'public') return true;
  return arrived.openedPaths?.some((prefix) => arrived.path.startsWith(prefix)) ?? false;
}
