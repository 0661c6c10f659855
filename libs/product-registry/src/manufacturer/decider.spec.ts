import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { manufacturerCommandExamples } from './command-examples.fixture.js';
import * as commands from './commands.js';
import { manufacturerDecider } from './decider.js';
import { type ManufacturerEvent, manufacturerEvents } from './events.js';

const given = givenFor(manufacturerDecider);
const id = 'maker-1';
const meta = commandMeta();

const registered: ManufacturerEvent = {
  type: 'ManufacturerRegistered',
  data: { name: 'Discover Energy Corp.' },
};
const coded: ManufacturerEvent = {
  type: 'EntityCodeIssued',
  data: { code: 'DISCE', previous: null, rule: 'published' },
};

describe('a manufacturer', () => {
  it('is registered with its names, once each, and a code', () => {
    given()
      .when(
        new commands.RegisterManufacturer(
          id,
          {
            name: ' Discover  Energy Corp. ',
            aliases: ['DISCOVER ENERGY CORP.', 'Discover', 'discover'],
            code: { rule: 'derived' },
          },
          meta,
          { code: 'DISCO' },
        ),
      )
      .then(
        registered,
        { type: 'ManufacturerAliasAdded', data: { alias: 'Discover' } },
        { type: 'EntityCodeIssued', data: { code: 'DISCO', previous: null, rule: 'derived' } },
      );
  });

  it('keeps every name and code that it ever had as its keys', () => {
    const { state } = given(
      registered,
      { type: 'ManufacturerAliasAdded', data: { alias: 'Discover' } },
      coded,
      { type: 'EntityCodeIssued', data: { code: 'DISC2', previous: 'DISCE', rule: 'manual' } },
    );
    expect(manufacturerDecider.keys?.(state, 'one')).toEqual([
      { kind: 'manufacturerName', value: 'discover energy corp.' },
      { kind: 'manufacturerName', value: 'discover' },
      { kind: 'entityCode', value: 'DISCE' },
      { kind: 'entityCode', value: 'DISC2' },
    ]);
  });

  it('says which code a new one replaces', () => {
    given(registered, coded)
      .when(
        new commands.IssueEntityCode(id, { rule: 'manual', code: 'DSCVR' }, meta, {
          code: 'DSCVR',
        }),
      )
      .then({
        type: 'EntityCodeIssued',
        data: { code: 'DSCVR', previous: 'DISCE', rule: 'manual' },
      });
  });

  describe('with the codes of lists of several dates', () => {
    const list = (code: string, asOf?: string) =>
      new commands.IssueEntityCode(
        id,
        { rule: 'published', code, ...(asOf !== undefined && { asOf }) },
        meta,
        { code },
      );
    const issued = (code: string, asOf?: string, previous: string | null = null) =>
      ({
        type: 'EntityCodeIssued',
        data: { code, previous, rule: 'published', ...(asOf !== undefined && { asOf }) },
      }) satisfies ManufacturerEvent;
    const listed = (code: string, asOf: string) =>
      ({ type: 'EntityCodeListed', data: { code, asOf } }) satisfies ManufacturerEvent;
    const [older, between, newer] = ['2025-06-10', '2025-10-01', '2026-02-11'] as const;

    it('keeps the code of the newer list', () => {
      given(registered).when(list('NEW', newer)).then(issued('NEW', newer));
      given(registered, issued('NEW', newer)).when(list('OLD', older)).thenNothing();
      given(registered, issued('OLD', older))
        .when(list('NEW', newer))
        .then(issued('NEW', newer, 'OLD'));
    });

    it('notes once that a newer list says the code in force', () => {
      for (const before of [issued('ONE', older), issued('ONE')]) {
        given(registered, before).when(list('ONE', newer)).then(listed('ONE', newer));
        given(registered, before, listed('ONE', newer)).when(list('ONE', newer)).thenNothing();
        given(registered, before, listed('ONE', newer)).when(list('TWO', between)).thenNothing();
        given(registered, before, listed('ONE', newer), listed('ONE', between))
          .when(list('TWO', between))
          .thenNothing();
      }
      given(registered, issued('ONE', newer)).when(list('ONE', older)).thenNothing();
    });

    it('takes lists of one day and without a date as they come', () => {
      given(registered, issued('ONE', newer))
        .when(list('TWO', newer))
        .then(issued('TWO', newer, 'ONE'));
      given(registered, issued('ONE', newer))
        .when(list('TWO'))
        .then(issued('TWO', undefined, 'ONE'));
      given(registered, issued('ONE', newer)).when(list('ONE')).thenNothing();
      given(registered, issued('ONE'))
        .when(list('TWO', older))
        .then(issued('TWO', older, 'ONE'));
      given(registered, issued('ONE', newer), issued('TWO', undefined, 'ONE'))
        .when(list('OLD', older))
        .thenNothing();
    });

    it('has in the end what the newest list says, in whichever order they come', () => {
      const said = fc.uniqueArray(
        fc.tuple(fc.constantFrom('AA', 'BB', 'CC'), fc.integer({ min: 10, max: 28 })),
        {
          minLength: 1,
          selector: ([, day]) => day,
        },
      );
      fc.assert(
        fc.property(said, (lists) => {
          const events = lists.reduce<readonly ManufacturerEvent[]>(
            (before, [code, day]) => [
              ...before,
              ...manufacturerDecider.decide(
                list(code, `2026-01-${String(day)}`),
                given(...before).state,
              ),
            ],
            [registered],
          );
          const [code, day] = lists.toSorted(([, a], [, b]) => a - b).at(-1) ?? [];
          expect(given(...events).state).toMatchObject({
            code,
            codeAsOf: `2026-01-${String(day)}`,
          });
        }),
      );
    });
  });

  it('is merged once, and answers for nothing that it was merged into', () => {
    const merge = (into: string) => new commands.MergeManufacturer(id, { into }, meta, { into });
    const merged: ManufacturerEvent = { type: 'ManufacturerMerged', data: { into: 'maker-2' } };
    given(registered).when(merge('maker-2')).then(merged);
    given(registered, merged).when(merge('maker-2')).thenNothing();
    given(registered, merged).when(merge('maker-3')).thenRefused('MANUFACTURER_MERGED');
    given(registered).when(merge(id)).thenRefused('MANUFACTURER_MERGE_CYCLE');
    given(registered, { type: 'ManufacturerAbsorbed', data: { manufacturerId: 'maker-2' } })
      .when(merge('maker-2'))
      .then(merged);
    given(registered, merged)
      .when(new commands.AbsorbManufacturer(id, { manufacturerId: 'maker-4' }, meta))
      .thenRefused('MANUFACTURER_MERGED');
  });

  it('absorbs another once, however often it says so', () => {
    const absorbed: ManufacturerEvent = {
      type: 'ManufacturerAbsorbed',
      data: { manufacturerId: 'maker-2' },
    };
    const command = new commands.AbsorbManufacturer(id, { manufacturerId: 'maker-2' }, meta);
    given(registered, absorbed).when(command).then(absorbed);
    expect(given(registered, absorbed, absorbed).state).toMatchObject({ absorbed: ['maker-2'] });
  });

  it('takes no code once it was merged', () => {
    given(registered, { type: 'ManufacturerMerged', data: { into: 'maker-2' } })
      .when(new commands.IssueEntityCode(id, { rule: 'derived' }, meta, { code: 'DISCO' }))
      .thenRefused('MANUFACTURER_MERGED');
  });

  it.each(Object.values(manufacturerCommandExamples))(
    'meets $type without a registration',
    (command) => {
      if (command.type === 'RegisterManufacturer')
        given()
          .when(command)
          .then(registered, {
            type: 'EntityCodeIssued',
            data: { code: 'DISCO', previous: null, rule: 'derived' },
          });
      else given().when(command).thenRefused('MANUFACTURER_UNKNOWN');
    },
  );

  it.each(
    Object.values(manufacturerCommandExamples).filter(
      ({ type }) => type !== 'RegisterManufacturer' && type !== 'AbsorbManufacturer',
    ),
  )('changes nothing by a second $type', (command) => {
    const made = manufacturerDecider.decide(command, given(registered).state);
    given(registered, ...made)
      .when(command)
      .thenNothing();
  });

  it('is not registered twice', () => {
    given(registered)
      .when(manufacturerCommandExamples.RegisterManufacturer)
      .thenRefused('MANUFACTURER_EXISTS');
  });

  it('folds any order of events without an error', () => {
    const anyEvent = fc.constantFrom(...Object.values(exampleEvents(manufacturerEvents)));
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), (events) => {
        expect(given(...events).state).toBeDefined();
      }),
    );
  });
});
