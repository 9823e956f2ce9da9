// The name and id that a cluster was given when it was initialised.

export const CLUSTER_KEY = 'core/cluster/local';

export interface ClusterRecord {
  readonly id: string;
  readonly name: string;
}
