import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { instructionExamples } from '#cycling/protocol/examples.js';
import { downKinds, upKinds } from '#device-link/topics.js';
import { renderUnitProtocol } from '#test/generate/unit-protocol.js';

import { asyncApiLint, asyncApiProblems } from './asyncapi-problems.js';
import {
  documentedUnitCheck,
  type UnitDocument,
  unitDocumentText,
  unitMessageCheck,
} from './documented-unit-message.js';

const committed = unitDocumentText();
const { channels, components } = parse(committed) as UnitDocument;
const check = documentedUnitCheck();

describe('docs/unit-protocol.yaml', () => {
  it('is what the protocol says', () => {
    expect(renderUnitProtocol()).toBe(committed);
  });

  it('is valid for the parser of the AsyncAPI initiative', async () => {
    expect(await asyncApiProblems(committed)).toEqual([]);
    const broken = committed.replace('action: receive', 'action: shout');
    expect((await asyncApiProblems(broken)).join('\n')).toContain('action');
  });

  it('gives the rules of spectral:asyncapi nothing to say', async () => {
    expect(await asyncApiLint(committed)).toEqual([]);
  });

  it('knows every topic of a unit, on which a unit sends and gets what it may', () => {
    const addresses = Object.values(channels).map(({ address }) => address);
    const ofOtherDevices = ['config', 'reports', 'occurrences'];
    expect(addresses.toSorted()).toEqual(
      [...downKinds, ...upKinds]
        .filter((kind) => !ofOtherDevices.includes(kind))
        .map((kind) => `voltrace/v1/{unit}/${kind}`)
        .toSorted(),
    );
  });

  it.each(Object.keys(components.messages))('has %s with examples that fit it', (name) => {
    const { examples } = components.messages[name]!;
    expect(examples.length).toBeGreaterThan(0);
    for (const { payload } of examples) {
      expect(unitMessageCheck(name)(payload)).toEqual([]);
      expect(unitMessageCheck(name)({ ...payload, unheardOf: 1 })).not.toEqual([]);
    }
  });

  it('describes programs down to the steps of loops in loops', () => {
    const started = (steps: readonly object[]) =>
      check('instructions', { ...instructionExamples.start, program: { steps } });
    const rest = { do: 'rest', until: [{ timeS: 60 }] };
    const within = (step: object) => [{ loop: [{ loop: [step], times: 2 }], times: 3 }];
    expect(started(within(rest))).toEqual([]);
    expect(started(within({ ...rest, until: [{ timeS: '60' }] }))).not.toEqual([]);
    expect(started(within({ ...rest, do: 'explode' }))).not.toEqual([]);
  });
});
