import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

export const manufacturerCategory = 'manufacturer';
export const manufacturerStream = (id: string): string => `${manufacturerCategory}-${id}`;

export type ManufacturerRegistered = DomainEvent<
  'ManufacturerRegistered',
  { readonly name: string }
>;
export type ManufacturerAliasAdded = DomainEvent<
  'ManufacturerAliasAdded',
  { readonly alias: string }
>;
/** `published`: from a list of codes; `derived`: by rule from the name; `manual`: a person chose it. */
export type EntityCodeIssued = DomainEvent<
  'EntityCodeIssued',
  {
    readonly code: string;
    readonly previous: string | null;
    readonly rule: 'published' | 'derived' | 'manual';
  }
>;
/** This manufacturer is another name of `into`, which answers for its names and products from now on. */
export type ManufacturerMerged = DomainEvent<'ManufacturerMerged', { readonly into: string }>;

/** The other side of `ManufacturerMerged`, appended before it: products of `manufacturerId` are answered for here. */
export type ManufacturerAbsorbed = DomainEvent<
  'ManufacturerAbsorbed',
  { readonly manufacturerId: string }
>;

export type ManufacturerEvent =
  | ManufacturerRegistered
  | ManufacturerAliasAdded
  | EntityCodeIssued
  | ManufacturerMerged
  | ManufacturerAbsorbed;
