import type { CommandMeta } from '#kernel/command.js';

import type { ElementInput, ElementInputs } from '../read-elements.js';
import type { Certification, Listing, ProductType } from './events.js';

/** A command on one product. What its class adds to `data` is what the caller said, and no more. */
abstract class ProductCommand<D extends object> {
  constructor(
    readonly productId: string,
    readonly data: D,
    readonly meta: CommandMeta,
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
 * What one row of a published list says of one product. Three cases are told apart everywhere: a
 * value, `null` where the list leaves its field blank, and a missing key where the list says nothing.
 */
export interface ListedFacts {
  /** Such as `cec-batteries`. Stored. */
  readonly list: string;
  readonly productType: ProductType;
  /** An id or a name. */
  readonly manufacturer: string;
  readonly model: string;
  /** The cells' texts, where they differ from the two above. */
  readonly raw?: { readonly manufacturer?: string; readonly model?: string };
  readonly elements: Readonly<Record<string, ElementInput | null>>;
  readonly certification?: ListedCertification | null;
  readonly listing?: ListedQualification;
}

export type ListedCertification = Pick<CertificationFact, 'agency' | 'standard' | 'raw'> &
  Partial<CertificationFact>;

export type ListedQualification = Partial<Omit<Listing, 'remarks'>> & {
  readonly agency: string;
  readonly remarks: Readonly<Record<string, string | null>>;
};

/**
 * One row of a published list: everything that the list says of one product, in one decision.
 * Carried out by `reconcileListing`, which registers an unknown product.
 */
export class ReconcileListing {
  readonly type = 'ReconcileListing';
  constructor(
    readonly productId: string,
    readonly data: ListedFacts,
    readonly meta: CommandMeta,
    /** Without `code` the product has to be there already. */
    readonly lookedUp: Omit<Registration, 'code'> & Partial<Registration>,
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
