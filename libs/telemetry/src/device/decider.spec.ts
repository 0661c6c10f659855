import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { Refusal } from '#kernel/refusal.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { type DeviceCommand, deviceDecider, deviceNameKey, deviceSerialKey } from './decider.js';
import { deviceEvents } from './events.js';

const given = givenFor(deviceDecider);
const meta = commandMeta({ occurredAt: '2026-10-01T00:00:00.000Z' });
const {
  DeviceRegistered: registered,
  DeviceAttached: attached,
  DeviceDetached: detached,
  DeviceRenamed: renamed,
  DeviceRetired: retired,
} = exampleEvents(deviceEvents);
const attach = { type: 'AttachDevice', data: attached.data, meta } as const;
const detach = { type: 'DetachDevice', data: detached.data, meta } as const;
const rename = { type: 'RenameDevice', data: renamed.data, meta } as const;
const retire = { type: 'RetireDevice', data: {}, meta } as const;

describe('a device', () => {
  it('is registered once, with its place or without one', () => {
    const register = (place: typeof attached.data | null) =>
      ({ type: 'RegisterDevice', data: { ...registered.data, place }, meta }) as const;
    given().when(register(null)).then(registered);
    given().when(register(attached.data)).then(registered, attached);
    given(registered).when(register(null)).thenRefused('DEVICE_EXISTS');
    given().when(attach).thenRefused('DEVICE_UNKNOWN');
  });

  it('works at one site at a time', () => {
    given(registered).when(attach).then(attached);
    given(registered, attached).when(attach).thenNothing();
    const elsewhere = { ...attach, data: { ...attach.data, siteId: 'another' } };
    given(registered, attached).when(elsewhere).thenRefused('DEVICE_ATTACHED');
    const again = { ...elsewhere.data, at: detached.data.at };
    given(registered, attached, detached)
      .when({ ...elsewhere, data: again })
      .then({ ...attached, data: again });
  });

  it('is attached and detached in the order of time, and not ahead of it', () => {
    const at = (time: string | null) => ({ at: time });
    given(registered, attached)
      .when({ ...detach, data: at('2026-02-28T23:59:59.999Z') })
      .thenRefused('ATTACHMENT_TIME_INVALID');
    given(registered, attached)
      .when({ ...detach, data: at('2026-10-01T00:00:00.001Z') })
      .thenRefused('ATTACHMENT_TIME_INVALID');
    given(registered, attached, detached).when(attach).thenRefused('ATTACHMENT_TIME_INVALID');
    given(registered, attached)
      .when({ ...detach, data: at(null) })
      .then({ type: 'DeviceDetached', data: { at: meta.occurredAt } });
    given(registered).when(detach).thenNothing();
  });

  it('is renamed where it has a name', () => {
    given(registered, attached).when(rename).then(renamed);
    given(registered, attached, renamed).when(rename).thenNothing();
    given(registered).when(rename).thenRefused('DEVICE_NOT_ATTACHED');
  });

  it('is detached and retired for good', () => {
    const leaves = { type: 'DeviceDetached', data: { at: meta.occurredAt } } as const;
    given(registered, attached).when(retire).then(leaves, retired);
    given(registered, retired).when(retire).thenNothing();
    given(registered, retired).when(attach).thenRefused('DEVICE_RETIRED');
  });

  it('holds exactly its serial number and the name at its site, whatever happened', () => {
    const names = fc.constantFrom('meter', 'inverter');
    const sites = fc.constantFrom('a', 'b');
    const commands: fc.Arbitrary<DeviceCommand> = fc.oneof(
      fc.record({ siteId: sites, name: names }).map((place) => ({
        ...{ type: 'AttachDevice' as const, data: { ...place, at: null }, meta },
      })),
      fc.constant({ type: 'DetachDevice' as const, data: { at: null }, meta }),
      names.map((name) => ({ type: 'RenameDevice' as const, data: { name }, meta })),
    );
    const { type, serialNumber } = registered.data;
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 12 }), fc.boolean(), (all, endsRetired) => {
        let state = given(registered).state;
        let place: { siteId: string; name: string } | undefined;
        for (const command of endsRetired ? [...all, retire] : all) {
          try {
            const events = deviceDecider.decide(command, state);
            state = events.reduce((folded, event) => deviceDecider.evolve(folded, event), state);
          } catch (error) {
            if (error instanceof Refusal) continue;
            throw error;
          }
          if (command.type === 'AttachDevice') place = command.data;
          else if (command.type === 'RenameDevice' && place) place = { ...place, ...command.data };
          else place = undefined;
        }
        const held = endsRetired
          ? []
          : [
              deviceSerialKey(type, serialNumber ?? ''),
              ...(place ? [deviceNameKey(place.siteId, place.name)] : []),
            ];
        expect(deviceDecider.keys?.(state, 'one')).toEqual(held);
      }),
    );
  });
});
