import type { Contract } from './contract.js';
import type { Decider } from './decider.js';
import type { DomainEvent, Role } from './event.js';

/** A category of streams, whatever its commands and states are. */
export type Category = Decider<unknown, never, DomainEvent>;

/** Which roles hold which permission. Nothing else grants anything. */
export type Permissions = Readonly<Record<string, readonly Role[]>>;

/**
 * What a context says of itself, once. `apps/contexts.ts` lists them; routes, topics, documents, permissions
 * and the tests of what is stored follow from that list.
 */
export interface Context {
  /** The name of its folder in `libs`. */
  readonly name: string;
  readonly categories: readonly Category[];
  /** The permissions that its routes name. */
  readonly permissions: Permissions;
  /** What the tags of its routes stand for, in the API's document. */
  readonly tags?: Readonly<Record<string, string>>;
  /** What it publishes, where it publishes anything; more than one where some facts have a topic of their own. */
  readonly contracts?: readonly Contract[];
  /** Its streams note what operators do, and who may do what: they go on where the log was replaced. */
  readonly isOfOperators?: true;
  /** Its controllers, or a Nest module that has them; only the API loads them. */
  readonly routes?: Routes;
}

/** Classes of Nest, which the kernel does not know. */
export type Routes = () => Promise<readonly (abstract new (...given: never[]) => object)[]>;

/** The roles of people who read what the system knows. */
export const readers: readonly Role[] = [
  'viewer',
  'curator',
  'engineer',
  'operator',
  'auditor',
  'admin',
];
