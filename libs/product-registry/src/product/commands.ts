import type { CommandMeta } from '#kernel/command.js';

import type { ElementInputs } from '../read-elements.js';
import type { Certification, Listing, ProductType } from './events.js';

/** A command on one product. What its class adds to `data` is what the caller said, and no more. */
abstract class ProductCommand<D extends object> {
  constructor(
    readonly productId: string,
    readonly data: D,
    readonly meta: CommandMeta,
    /** The revision that the change rests on, where the caller named one. */
    readonly ifMatch?: bigint,
  ) {}
}

/** What a registration rests on, looked up before the decision; its keys are claimed by then. */
export interface Registration {
  readonly manufacturerId: string;
  readonly modelKey: string;
  /** Null where the manufacturer has no EntityCode. */
  readonly code: string | null;
}

/** `manufacturer` is an id or a name. Carried out by `registerProduct`, which looks the rest up. */
export class RegisterProduct {
  readonly type = 'RegisterProduct';
  constructor(
    readonly productId: string,
    readonly data: {
      readonly productType: ProductType;
      readonly manufacturer: string;
      readonly model: string;
      readonly elements: ElementInputs;
    },
    readonly meta: CommandMeta,
    readonly lookedUp?: Registration,
  ) {}
}

export class AssignProdCode extends ProductCommand<{ readonly code: string }> {
  readonly type = 'AssignProdCode';
}

export class SetElements extends ProductCommand<{ readonly elements: ElementInputs }> {
  readonly type = 'SetElements';
}

export class WithdrawElements extends ProductCommand<{ readonly names: readonly string[] }> {
  readonly type = 'WithdrawElements';
}

export type CertificationFact = Omit<Certification, 'certificationId'>;

/** `supersedes` names the certification that this one replaces. */
export class RecordCertification extends ProductCommand<
  CertificationFact & { readonly supersedes?: string | undefined }
> {
  readonly type = 'RecordCertification';
}

export class SupersedeCertification extends ProductCommand<{
  readonly certificationId: string;
  /** Id of the certification that replaces it. */
  readonly by: string;
}> {
  readonly type = 'SupersedeCertification';
}

/** Publishes the agency's listing of the product, or revises the one that stands. */
export class PublishListing extends ProductCommand<Listing> {
  readonly type = 'PublishListing';
}

export class WithdrawListing extends ProductCommand<{ readonly agency: string }> {
  readonly type = 'WithdrawListing';
}

/**
 * One row of a published list: everything that the list says of one product, in one decision.
 *
 * What the row leaves out and the list said before is withdrawn by the list. `listing` is null where
 * the list has no listing data. Carried out by `reconcileListing`, which registers an unknown product.
 */
export class ReconcileListing {
  readonly type = 'ReconcileListing';
  constructor(
    readonly productId: string,
    readonly data: {
      /** Such as `cec-batteries`. */
      readonly list: string;
      readonly productType: ProductType;
      /** An id or a name. */
      readonly manufacturer: string;
      readonly model: string;
      readonly elements: ElementInputs;
      /** At most one for each standard. */
      readonly certifications: readonly CertificationFact[];
      readonly listing: Listing | null;
    },
    readonly meta: CommandMeta,
    readonly lookedUp?: Registration,
  ) {}
}

export type ProductCommands =
  | RegisterProduct
  | AssignProdCode
  | SetElements
  | WithdrawElements
  | RecordCertification
  | SupersedeCertification
  | PublishListing
  | WithdrawListing
  | ReconcileListing;
