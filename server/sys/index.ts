// The system backend: everything below sys/, declared like any engine's paths.
import { defineEngine } from '#sdk/engine.ts';
import { auditPaths } from './audit.ts';
import { authPaths } from './auth.ts';
import { capabilityPaths } from './capabilities.ts';
import { configPaths } from './config.ts';
import { generateRootPaths } from './generate-root.ts';
import { internalPaths } from './internal.ts';
import { keyPaths } from './keys.ts';
import { leasePaths } from './leases.ts';
import { loggerPaths } from './loggers.ts';
import { metricsPaths } from './metrics.ts';
import { mountPaths } from './mounts.ts';
import { passwordPolicyPaths } from './password-policies.ts';
import { pluginPaths } from './plugins.ts';
import { policyPaths } from './policies.ts';
import { autopilotPaths } from './raft-autopilot.ts';
import { raftBootstrapPaths } from './raft-bootstrap.ts';
import { snapshotPaths } from './raft-snapshot.ts';
import { raftPaths } from './raft.ts';
import { rawPaths } from './raw.ts';
import { rekeyPaths } from './rekey.ts';
import { statusPaths } from './status.ts';
import { toolPaths } from './tools.ts';
import { wrappingPaths } from './wrapping.ts';
import type { System } from './system.ts';

export const system = defineEngine<System>({
  type: 'system',
  help: 'The system backend is built-in to Vault and cannot be remounted or\nunmounted. It contains the paths that are used to configure Vault itself\nas well as perform core operations.',
  paths: [
    ...auditPaths,
    ...authPaths,
    ...capabilityPaths,
    ...generateRootPaths,
    ...internalPaths,
    ...rekeyPaths,
    ...keyPaths,
    ...loggerPaths,
    ...configPaths,
    ...toolPaths,
    ...raftPaths,
    ...raftBootstrapPaths,
    ...snapshotPaths,
    ...autopilotPaths,
    ...rawPaths,
    ...statusPaths,
    ...pluginPaths,
    ...leasePaths,
    ...metricsPaths,
    ...mountPaths,
    ...passwordPolicyPaths,
    ...policyPaths,
    ...wrappingPaths,
  ],
  start: () => null as never, // handlers get a System made for their request
});
