// Whether who asks has the capability sudo on the path of the request, for what only some parameters need it.
import type { System } from '../sys/system.ts';

export function hasSudo({ services, transaction, known }: System): boolean {
  const { token, policies, admitted } = known;
  const id = token?.entityId ?? '';
  const entity = id === '' ? undefined : services.entities.find(transaction, id);
  const capabilities = services.policies
    .aclOf(transaction, policies, entity)
    .capabilities(admitted.arrived.path);
  return capabilities.includes('root') || capabilities.includes('sudo');
}
