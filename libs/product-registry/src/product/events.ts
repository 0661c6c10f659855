import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

export const productCategory = 'product';
export const productStream = (id: string): string => `${productCategory}-${id}`;

/** Product types of the Orange Button taxonomy that the registry takes. */
export const productTypes = ['ProdBattery'] as const;
export type ProductType = (typeof productTypes)[number];

/** One round-trip efficiency, in percent as written, for one inverter pairing. */
export interface EfficiencyRating {
  readonly percent: string;
  readonly inverter: string;
}

/**
 * An element's value. `submitted` is asserted; `notSubmitted` means that the source says so itself
 * (a state of its own: neither a value nor absence); `unparsed` keeps text that nobody could read.
 */
export interface ElementValue {
  readonly state: 'submitted' | 'notSubmitted' | 'unparsed';
  /** Decimals as written, as strings. Null unless submitted. */
  readonly value: string | boolean | readonly EfficiencyRating[] | null;
  readonly unit?: string;
  /** Digits after the point, as written. */
  readonly decimals?: number;
  /** The source's text, where it differs from the value. */
  readonly raw?: string;
}

export type Elements = Readonly<Record<string, ElementValue>>;

/** Which published list a fact is from, such as `cec-batteries`. Absent: a person or a program said it. */
interface FromList {
  readonly list?: string;
}

export interface Certification {
  readonly certificationId: string;
  /** Certifying agency, under its one spelling. */
  readonly agency: string;
  /** Such as `UL1973`. */
  readonly standard: string;
  /** Such as `Ed. 3 : 2022`, normalised; null when not stated. */
  readonly edition: string | null;
  /** ISO 8601 date; null when not stated. */
  readonly certificateDate: string | null;
  /** The source's texts, where they differ. */
  readonly raw?: Readonly<Record<string, string>>;
}

/** A regulator's listing (an Orange Button ProdQualification). Dates are ISO 8601 dates. */
export interface Listing {
  /** The qualifying agency, such as `CEC`. */
  readonly agency: string;
  readonly listingDate: string | null;
  readonly lastUpdate: string | null;
  readonly notes: string | null;
  /** What else the list says of the product, column by column, as written. */
  readonly remarks: Readonly<Record<string, string>>;
}

export type ProductRegistered = DomainEvent<
  'ProductRegistered',
  {
    readonly productType: ProductType;
    readonly manufacturerId: string;
    /** In its normal form, as it is shown. */
    readonly model: string;
    /** The form under which (manufacturer, model) is unique; see `codes.ts`. */
    readonly modelKey: string;
    readonly code: string | null;
    /** The source's texts of `manufacturer` and `model`, where they differ. */
    readonly raw?: Readonly<Record<string, string>>;
  } & FromList
>;
export type ProdCodeAssigned = DomainEvent<
  'ProdCodeAssigned',
  { readonly code: string; readonly previous: string | null }
>;
export type ElementsSet = DomainEvent<'ElementsSet', { readonly elements: Elements } & FromList>;
export type ElementsWithdrawn = DomainEvent<
  'ElementsWithdrawn',
  { readonly names: readonly string[] } & FromList
>;
/** With an id that is known already: a list now says what stands on record. */
export type CertificationRecorded = DomainEvent<'CertificationRecorded', Certification & FromList>;
export type CertificationSuperseded = DomainEvent<
  'CertificationSuperseded',
  { readonly certificationId: string; readonly by: string } & FromList
>;
export type ListingPublished = DomainEvent<'ListingPublished', Listing & FromList>;
/** The same listing with another date, note or remark. */
export type ListingRevised = DomainEvent<'ListingRevised', Listing & FromList>;
export type ListingWithdrawn = DomainEvent<
  'ListingWithdrawn',
  { readonly agency: string } & FromList
>;

export type ProductEvent =
  | ProductRegistered
  | ProdCodeAssigned
  | ElementsSet
  | ElementsWithdrawn
  | CertificationRecorded
  | CertificationSuperseded
  | ListingPublished
  | ListingRevised
  | ListingWithdrawn;
