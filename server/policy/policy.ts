// A policy as it was parsed: named rules, before anybody's identity is filled in.
import type { Seconds } from '#sdk/duration.ts';
import type { Capabilities } from './capabilities.ts';
import type { PathTemplate } from './pattern.ts';

export interface Policy {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Some rule depends on who asks, so the compiled form cannot be shared between subjects. */
  readonly isTemplated: boolean;
}

export interface Rule {
  /** As the policy writes it, for messages. */
  readonly path: string;
  readonly template: PathTemplate;
  readonly capabilities: Capabilities;
  readonly limits: Limits;
}

/** What a request must look like beside its path. */
export interface Limits {
  readonly min_wrapping_ttl: Seconds;
  readonly max_wrapping_ttl: Seconds;
  /** By name in lower case; no value means any value. */
  readonly allowed_parameters: Parameters;
  readonly denied_parameters: Parameters;
  readonly required_parameters: readonly string[];
}

export type Parameters = ReadonlyMap<string, readonly unknown[]>;

export const NO_LIMITS: Limits = {
  min_wrapping_ttl: 0 as Seconds,
  max_wrapping_ttl: 0 as Seconds,
  allowed_parameters: new Map(),
  denied_parameters: new Map(),
  required_parameters: [],
};
