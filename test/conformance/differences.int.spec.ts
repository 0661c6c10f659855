import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { differences, triedOn } from './differences.js';
import { measured } from './differences/measure.js';
import { type OwnStore, startStore } from './store.js';
import type { Target } from './target.js';

type Answers = Readonly<Record<string, string>>;

/** What is expected of a target in all situations that are tried on another, or on itself. */
const column = (answers: Target, tried: Target = answers): Answers =>
  Object.fromEntries(triedOn(tried).map(({ key, [answers]: answer }) => [key, answer]));

const asked = async (store: OwnStore, which: Target): Promise<Answers> =>
  Object.fromEntries(await measured(store, triedOn(which)));

const differing = (observed: Answers, expected: Answers): string[] =>
  Object.keys(observed).filter((key) => observed[key] !== expected[key]);

describe('the table of differences', () => {
  let stores: OwnStore[];
  let ofNode: Answers;
  let ofServer: Answers;

  beforeAll(async () => {
    stores = await Promise.all([startStore(), startStore({ EVENT_NODE_ANSWERS: 'as-a-server' })]);
    ofNode = await asked(stores[0]!, 'node');
    ofServer = await asked(stores[1]!, 'server');
  });
  afterAll(() => Promise.all(stores.map((store) => store.stop())));

  it('names each situation once', () => {
    expect(new Set(differences.map(({ key }) => key)).size).toBe(differences.length);
  });

  it('holds for a node, and for one that answers as a server', () => {
    expect(ofNode).toEqual(column('node'));
    expect(ofServer).toEqual(column('server'));
  });

  it('fails in every entry for a node of which a server’s answers are expected', () => {
    expect(differing(ofNode, column('server', 'node'))).toHaveLength(triedOn('node').length);
  });

  it('fails in every entry for a server of which the node’s answers are expected', () => {
    expect(differing(ofServer, column('node', 'server'))).toHaveLength(triedOn('server').length);
  });
});
