import type { ApiClient } from '#test/support/client.js';

import type { LoadRequest, Target } from './steady-load.js';
import { energy, type Subjects, writes } from './subjects.js';

/** A path of the API under load, with its peers and the ratios that are wanted. */
export interface Path {
  readonly name: PathName;
  readonly title: string;
  readonly ours: Target;
  readonly peers: readonly Peer[];
  readonly isWrite: boolean;
}

export interface Peer {
  readonly title: string;
  readonly target: Target;
  readonly wanted: number;
}

export const pathNames = ['register', 'set', 'get', 'list', 'history'] as const;
export type PathName = (typeof pathNames)[number];

const titles: Readonly<Record<PathName, string>> = {
  register: 'register a product',
  set: 'set an element',
  get: 'GET by id',
  list: 'list of 50',
  history: 'history',
};

/** Ratio to each peer, by the prefix of its routes. */
const wanted: Readonly<Record<PathName, Readonly<Record<string, number>>>> = {
  register: { insert: 0.4, audit: 0.9 },
  set: { insert: 0.7, audit: 1.5 },
  get: { select: 0.8 },
  list: { select: 0.6 },
  history: { select: 0.5 },
};

const peerTitles: Readonly<Record<string, string>> = {
  insert: 'one INSERT',
  audit: 'INSERT and audit row',
  select: 'one SELECT',
};

/** Every path, with requests that ours and its peers are sent alike. */
export const pathsOf = (
  { url, key }: ApiClient,
  baselineUrl: string,
  subjects: Subjects,
): readonly Path[] =>
  pathNames.map((name) => {
    const next = requestsOf(name, subjects);
    return {
      name,
      title: titles[name],
      ours: { base: `${url}/v1`, key, next },
      peers: Object.entries(wanted[name]).map(([prefix, ratio]) => ({
        title: peerTitles[prefix] ?? prefix,
        target: { base: `${baselineUrl}/${prefix}`, key: 'none', next },
        wanted: ratio,
      })),
      isWrite: name === 'register' || name === 'set',
    };
  });

const requestsOf = (name: PathName, { changed, read }: Subjects): (() => LoadRequest) => {
  let count = 0;
  const post = (path: string, body: object): LoadRequest => ({
    ...{ method: 'POST', path },
    body: JSON.stringify({ ...body, reason: 'bench' }),
  });
  const get = (path: string): LoadRequest => ({ method: 'GET', path });
  const one = (ids: readonly string[]): string => `/products/${ids[count % ids.length] ?? ''}`;
  const request: Readonly<Record<PathName, () => LoadRequest>> = {
    register: () =>
      post('/products', {
        type: 'ProdBattery',
        manufacturer: writes.name,
        model: `BX-${String(count)}`,
        elements: energy(count),
      }),
    set: () => post(`${one(changed)}/set-elements`, { elements: energy(count) }),
    get: () => get(one(read)),
    list: () => get('/products?limit=50'),
    history: () => get(`${one(read)}/history?limit=50`),
  };
  return () => {
    count += 1;
    return request[name]();
  };
};
