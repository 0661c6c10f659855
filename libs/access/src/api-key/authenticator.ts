import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

import type { StoredEvent } from '#event-log/event-log.js';
import type { Actor } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';

import { ApiKeys } from './api-keys.js';
import type { ApiKeyState, IssuedKey } from './decider.js';
import { apiKeyStream } from './events.js';
import { ReadSlots } from './read-slots.js';
import { type KeyText, parseKeyText, secretMatches } from './secret.js';

/** A key's state is read again when it is older: the bound on a revocation that was not heard. */
const maxAgeMs = 5_000;
const maxKeys = 10_000;
const notSuspect = (): Promise<boolean> => Promise.resolve(false);
const prefix = apiKeyStream('');

/** Who sends a request, by its `Authorization` header. Fails closed: no log, no entry. */
@Injectable()
export class Authenticator {
  private readonly known = new LRUCache<string, ApiKeyState>({ max: maxKeys, ttl: maxAgeMs });
  /** Apart from the real ones, so that made-up ids cannot push those out. */
  private readonly unknown = new LRUCache<string, ApiKeyState>({ max: maxKeys, ttl: maxAgeMs });
  /** Reads for ids that were not met before. Suspects wait for their own, so that others need not. */
  private readonly slots = { usual: new ReadSlots(16, 1_000), suspect: new ReadSlots(2, 200) };
  private readonly reading = new Map<string, Promise<ApiKeyState>>();

  constructor(private readonly states: ApiKeys) {}

  /**
   * Throws a `Refusal`: `unauthenticated` for a key that is missing, malformed, unknown, wrong,
   * revoked or expired; `unavailable` where the event log does not answer; `too-many` where too many
   * ids that were not met before wait to be read. `isSuspect` says whether whoever shows such an id
   * has shown too many that were none; it then waits among its like.
   */
  async authenticate(
    authorization: string | undefined,
    isSuspect: () => Promise<boolean> = notSuspect,
  ): Promise<Actor> {
    const given = keyIn(authorization);
    const state = await this.stateOf(given.id, isSuspect);
    return actorOfKey(given, state, new Date());
  }

  /** Forgets the cached key that an event is about. Has to be called with every event of the log. */
  forgetKeyOf({ stream }: Pick<StoredEvent, 'stream'>): void {
    if (stream.startsWith(prefix)) this.forget(stream.slice(prefix.length));
  }

  /** The next request with this key reads its stream anew. */
  forget(id: string): void {
    this.known.delete(id);
    this.unknown.delete(id);
    // What is being read now may lack the event.
    this.reading.delete(id);
  }

  private async stateOf(id: string, isSuspect: () => Promise<boolean>): Promise<ApiKeyState> {
    const known = this.known.get(id) ?? this.unknown.get(id);
    if (known) return known;
    const wasMet = this.states.cached(id) !== undefined;
    const slots = !wasMet && (await isSuspect()) ? this.slots.suspect : this.slots.usual;
    let reading = this.reading.get(id);
    if (!reading) {
      reading = wasMet ? this.read(id) : slots.run(() => this.read(id));
      this.reading.set(id, reading);
    }
    try {
      const state = await reading;
      if (this.reading.get(id) === reading) {
        (state.status === 'none' ? this.unknown : this.known).set(id, state);
      }
      return state;
    } finally {
      if (this.reading.get(id) === reading) this.reading.delete(id);
    }
  }

  private async read(id: string): Promise<ApiKeyState> {
    return (await this.states.refresh(id)).state;
  }
}

const unauthenticated = (code: string, message: string) =>
  new Refusal(code, 'unauthenticated', message);

const keyIn = (authorization: string | undefined): KeyText => {
  if (authorization === undefined) {
    throw unauthenticated(
      'CREDENTIALS_MISSING',
      'expected an API key in the header "Authorization: Bearer <key>"',
    );
  }
  const [, text] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  const key = text === undefined ? undefined : parseKeyText(text);
  if (key) return key;
  throw unauthenticated(
    'CREDENTIALS_MALFORMED',
    'the Authorization header holds no API key; expected "Bearer vt_..."',
  );
};

/** Whether a key was revoked or has expired is said only to callers who know its secret. */
const actorOfKey = ({ id, secret }: KeyText, state: ApiKeyState, now: Date): Actor => {
  if (state.status === 'none' || !secretMatches(secret, state.secretSha256)) {
    throw unauthenticated('API_KEY_UNKNOWN', 'this API key is not known');
  }
  if (state.status === 'revoked')
    throw unauthenticated('API_KEY_REVOKED', 'this API key was revoked');
  if (hasExpired(state, now)) throw unauthenticated('API_KEY_EXPIRED', 'this API key has expired');
  return { id, kind: 'apiKey', roles: state.roles };
};

const hasExpired = ({ expiresAt }: IssuedKey, now: Date): boolean =>
  expiresAt !== null && now.getTime() >= Date.parse(expiresAt);
