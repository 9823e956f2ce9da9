// What a server acknowledged, and what it was asked and never answered.

export interface Version {
  readonly value: string;
  readonly isDeleted: boolean;
}

/** All versions of a secret, the first one first. */
export type Versions = readonly Version[];

export type Operation =
  | { readonly kind: 'write'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'create' }
  | { readonly kind: 'revoke'; readonly token: string };

export interface Token {
  readonly id: string;
  readonly accessor: string;
  readonly writer: number;
}

/** The state a server must have after a blow. One writer at a time changes a key or a token. */
export class Ledger {
  readonly secrets = new Map<string, Versions>();
  readonly live = new Map<string, Token>();
  readonly revoked = new Map<string, Token>();
  /** Keys whose every version is to be looked at: they changed since the last look. */
  readonly touched = new Set<string>();
  doubted: Operation[] = [];
  acknowledged = 0;

  acknowledge(operation: Operation, made?: Token): void {
    this.acknowledged += 1;
    switch (operation.kind) {
      case 'write':
      case 'delete':
        this.touched.add(operation.key);
        this.secrets.set(operation.key, after(this.versions(operation.key), operation));
        break;
      case 'create':
        if (made !== undefined) this.live.set(made.id, made);
        break;
      case 'revoke':
        this.bury(operation.token);
        break;
    }
  }

  /** It was asked, and the answer never came: it happened wholly, or not at all. */
  doubt(operation: Operation): void {
    this.doubted.push(operation);
    if ('key' in operation) this.touched.add(operation.key);
  }

  versions(key: string): Versions {
    return this.secrets.get(key) ?? [];
  }

  /** The states that a secret may be found in. */
  allowed(key: string): readonly Versions[] {
    const acknowledged = this.versions(key);
    const doubted = this.doubted.filter((operation) => 'key' in operation && operation.key === key);
    return [acknowledged, ...doubted.map((operation) => after(acknowledged, operation))];
  }

  bury(id: string): void {
    const token = this.live.get(id);
    if (token === undefined) return;
    this.live.delete(id);
    this.revoked.set(id, token);
  }
}

function after(versions: Versions, operation: Operation): Versions {
  switch (operation.kind) {
    case 'write':
      return [...versions, { value: operation.value, isDeleted: false }];
    case 'delete':
      return versions.map((version, index) =>
        index === versions.length - 1 ? { ...version, isDeleted: true } : version,
      );
    case 'create':
    case 'revoke':
      return versions;
  }
}
