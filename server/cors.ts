// Which pages of other origins may talk to the server: set through sys/config/cors, kept by every listener.
import type { Transaction } from '#storage/transaction.ts';
import { serverError } from '#sdk/errors.ts';

export const CORS_KEY = 'core/cors';

export interface CorsRecord {
  /** Origins to the letter, or `*` alone. */
  readonly allowed_origins: readonly string[];
  /** Besides the usual ones. */
  readonly allowed_headers: readonly string[];
}

/** What Vault's own clients send. */
const USUAL_HEADERS: readonly string[] = [
  'Content-Type',
  'X-Requested-With',
  'X-Vault-AWS-IAM-Server-ID',
  'X-Vault-MFA',
  'X-Vault-No-Request-Forwarding',
  'X-Vault-Wrap-Format',
  'X-Vault-Wrap-TTL',
  'X-Vault-Policy-Override',
  'Authorization',
  'X-Vault-Token',
];

/** @throws ClientError 500, as Vault has it, for origins that make no sense together */
export function enableCors(transaction: Transaction, record: CorsRecord): void {
  const { allowed_origins: origins } = record;
  if (origins.length === 0) {
    throw serverError('at least one origin or the wildcard must be provided');
  }
  if (origins.includes('*') && origins.length > 1) {
    throw serverError("to allow all origins the '*' must be the only value for allowed_origins");
  }
  transaction.put(CORS_KEY, record);
}

export const allowedHeaders = ({ allowed_headers: own }: CorsRecord): readonly string[] => [
  ...USUAL_HEADERS,
  ...own,
];

export const isAllowedOrigin = (
  { allowed_origins: origins }: CorsRecord,
  origin: string,
): boolean => origins.includes('*') || origins.includes(origin);
