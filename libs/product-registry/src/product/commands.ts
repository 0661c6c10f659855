import type { CommandMeta } from '#kernel/command.js';

import type { ElementInput, ElementInputs } from '../read-elements.js';
import type { RegisteredProduct } from './decider.js';
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

/** With `list`: on the word of a list that does not name the product any more, whose date `asOf` is where it has one. */
export class WithdrawListing {
  readonly type = 'WithdrawListing';
  constructor(
    readonly productId: string,
    readonly data: { readonly agency: string; readonly list?: string; readonly asOf?: string },
    readonly meta: CommandMeta,
    /** The products that this list names. */
    readonly named: ReadonlySet<string> = new Set(),
  ) {}
}

/**
 * What one row of a published list says of one product. Three cases are told apart everywhere: a
 * value, `null` where the list leaves its field blank, and a missing key where the list says nothing.
 */
export interface ListedFacts {
  /** Such as `cec-batteries`. Stored. */
  readonly list: string;
  /** The list's own date; absent where nobody knows it. */
  readonly asOf?: string;
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

/** A person's decision on one value of a list that waits (`ListConflict`). */
export class ResolveListConflict extends ProductCommand<{
  readonly list: string;
  /** As the conflict names it. */
  readonly path: string;
  readonly decision: 'keep' | 'take';
  /** As the list says it; null where it says nothing. Checked by the decider. */
  readonly value: unknown;
  /** Refuses where somebody has decided otherwise by now. */
  readonly onlyOpen?: boolean;
  /** Date of the list whose row waits, where it is known: what a newer one says is not undone. */
  readonly asOf?: string;
}> {
  readonly type = 'ResolveListConflict';
}

/** What a list calls by this name is not this product. */
export class DeclineListedName extends ProductCommand<{
  readonly list: string;
  readonly manufacturer: string;
  readonly model: string;
}> {
  readonly type = 'DeclineListedName';
}

/** `manufacturer` is an id or a name; `from` an ISO 8601 date. Carried out by `transferProduct`. */
export class TransferProduct {
  readonly type = 'TransferProduct';
  constructor(
    readonly productId: string,
    readonly data: {
      readonly manufacturer: string;
      readonly from: string;
      /** The former manufacturer was an error: the product is not found under it any more. */
      readonly release?: true;
    },
    readonly meta: CommandMeta,
    /** Its keys are claimed. `code` null: the manufacturer has no EntityCode. */
    readonly lookedUp?: { readonly manufacturerId: string; readonly code: string | null },
  ) {}
}

/** Carried out by `renameModel`. */
export class RenameModel {
  readonly type = 'RenameModel';
  constructor(
    readonly productId: string,
    readonly data: {
      readonly model: string;
      /** The former model was an error: the product is not found by it any more. */
      readonly release?: true;
    },
    readonly meta: CommandMeta,
    /** Its keys are claimed. `code` null: the product gets none. */
    readonly lookedUp?: { readonly modelKey: string; readonly code: string | null },
  ) {}
}

/** The other side of a merger; sent to `into` before `MergeProduct`. */
export class PrepareMerger extends ProductCommand<{ readonly productId: string }> {
  readonly type = 'PrepareMerger';
}

/** This product is the same as `into` (an id or a code), which stays. Carried out by `mergeProduct`. */
export class MergeProduct {
  readonly type = 'MergeProduct';
  constructor(
    readonly productId: string,
    readonly data: { readonly into: string },
    readonly meta: CommandMeta,
    /** The product that answers for `into`. */
    readonly lookedUp?: {
      readonly into: string;
      readonly productType: ProductType;
      readonly mergerId: string;
    },
  ) {}
}

/** Unites what is known of a product that was merged; sent to the one that answers for it after `MergeProduct`. */
export class AbsorbProduct {
  readonly type = 'AbsorbProduct';
  constructor(
    readonly productId: string,
    readonly data: { readonly productId: string; readonly mergerId: string },
    readonly meta: CommandMeta,
    /** The product as it was merged: it has not changed since. */
    readonly merged: RegisteredProduct,
  ) {}
}

/** Takes back a merger on the side of the product that answers; sent before `SplitProduct`. */
export class ReleaseProduct extends ProductCommand<{
  readonly productId: string;
  readonly mergerId: string;
}> {
  readonly type = 'ReleaseProduct';
}

/** Undoes the merger of this product into another. Carried out by `splitProduct`. */
export class SplitProduct {
  readonly type = 'SplitProduct';
  constructor(
    readonly productId: string,
    readonly data: Readonly<Record<string, never>>,
    readonly meta: CommandMeta,
    /** The merger that the other product took back. */
    readonly lookedUp?: { readonly mergerId: string },
  ) {}
}

export type IdentityCommands =
  | TransferProduct
  | RenameModel
  | PrepareMerger
  | MergeProduct
  | AbsorbProduct
  | ReleaseProduct
  | SplitProduct;

export type ProductCommands =
  | IdentityCommands
  | RegisterProduct
  | AssignProdCode
  | SetElements
  | WithdrawElements
  | RecordCertification
  | SupersedeCertification
  | PublishListing
  | WithdrawListing
  | ResolveListConflict
  | DeclineListedName
  | ReconcileListing;
