// Who somebody is across tokens: an entity, found or made by the alias that a login gives.
import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Millis } from '#sdk/clock.ts';
import type { Transaction } from '#storage/transaction.ts';

const ENTITY_PREFIX = 'identity/entity/';
const ALIAS_PREFIX = 'identity/alias/';
/** Vault's generated names end in eight hexadecimal digits. */
const NAME_BYTES = 4;

export interface Alias {
  readonly id: string;
  readonly name: string;
  readonly mountAccessor: string;
  readonly mountType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Entity {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly Alias[];
  readonly createdAt: Millis;
  readonly updatedAt: Millis;
}

/** Where a login came from and what it is called there. */
export type LoginAlias = Omit<Alias, 'id'>;

export interface FoundEntity {
  readonly entity: Entity;
  readonly isNew: boolean;
}

interface AliasRecord {
  readonly entity: string;
}

export class EntityStore {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  find(transaction: Transaction, id: string): Entity | undefined {
    return transaction.get<Entity>(ENTITY_PREFIX + id);
  }

  count(transaction: Transaction): number {
    return transaction.list(ENTITY_PREFIX).length;
  }

  /** The entity of a login's alias; the first login makes it. */
  ofLogin(transaction: Transaction, alias: LoginAlias): FoundEntity {
    const key = aliasKey(alias);
    const known = transaction.get<AliasRecord>(key);
    const entity = known === undefined ? undefined : this.find(transaction, known.entity);
    if (entity !== undefined) return { entity, isNew: false };
    return { entity: this.#create(transaction, alias, key), isNew: true };
  }

  #create(transaction: Transaction, alias: LoginAlias, key: string): Entity {
    const now = this.#clock.now();
    const entity: Entity = {
      id: randomUUID(),
      name: `entity_${randomBytes(NAME_BYTES).toString('hex')}`,
      aliases: [{ ...alias, id: randomUUID() }],
      createdAt: now,
      updatedAt: now,
    };
    transaction.put(ENTITY_PREFIX + entity.id, entity);
    transaction.put(key, { entity: entity.id } satisfies AliasRecord);
    return entity;
  }
}

/** A name may hold anything, so that its hash stands in the key. */
const aliasKey = ({ mountAccessor, name }: LoginAlias): string =>
  `${ALIAS_PREFIX}${mountAccessor}/${hash('sha256', name)}`;
