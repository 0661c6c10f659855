import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

/** One stream: what operators asked of the relay. The reason is in the metadata. */
export const relayCategory = 'relay';
export const relayId = 'main';
export const relayStream = `${relayCategory}-${relayId}`;

export type RelayPaused = DomainEvent<'RelayPaused', Record<string, never>>;
export type RelayResumed = DomainEvent<'RelayResumed', Record<string, never>>;
/** The topic is to be completed from what it holds: made anew where it is missing, filled from the start where it is empty. */
export type RelayTopicReset = DomainEvent<'RelayTopicReset', { readonly topic: string }>;

export type RelayEvent = RelayPaused | RelayResumed | RelayTopicReset;
