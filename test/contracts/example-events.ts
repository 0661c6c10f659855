import type { StoredEvent } from '#event-log/event-log.js';
import type { Contract, PublishedCategory, PublishedMessage } from '#kernel/contract.js';

/** A published message with where it comes from. */
export interface MessageOf {
  readonly contract: Contract;
  readonly category: PublishedCategory;
  /** Of the stored event. */
  readonly type: string;
  readonly message: PublishedMessage;
}

/** Every message that is published, in the order of the contracts. */
export const messagesOf = (contracts: readonly Contract[]): readonly MessageOf[] =>
  contracts.flatMap((contract) =>
    contract.categories.flatMap((category) =>
      Object.entries(category.messages).flatMap(([type, message]) =>
        message === 'private' ? [] : [{ contract, category, type, message }],
      ),
    ),
  );

/** A stored event of a category, for tests and documents. */
export const exampleEvent = (category: string, type: string, data: object): StoredEvent => ({
  id: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c01',
  stream: `${category}-0d4b3a4e-5a0c-5f5b-8a5c-000000000001`,
  revision: 4n,
  type,
  data: data as StoredEvent['data'],
  metadata: {
    $correlationId: '6f1c7a52-58a5-4d0e-8a51-2f6d6a2f0c02',
    $causationId: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c03',
    commandId: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c03',
    commandHash: '',
    actor: { id: 'c1d9a3de-0000-4000-8000-000000000001', kind: 'user', roles: ['curator'] },
    source: 'http',
    occurredAt: '2026-02-12T09:30:00.000Z',
    recordedAt: '2026-02-12T09:30:00.007Z',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  position: { commit: 4711n, prepare: 4711n },
  created: new Date('2026-02-12T09:30:00.010Z'),
});
