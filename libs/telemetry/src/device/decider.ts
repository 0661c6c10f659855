import type { CommandMeta, CommandOf } from '#kernel/command.js';
import type { Decider, Key } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { deviceCategory, type DeviceEvent, deviceEvents } from './events.js';

type DataOf<T extends DeviceEvent['type']> = Extract<DeviceEvent, { type: T }>['data'];

/** Null: from the time of the command on. */
interface Since {
  readonly at: string | null;
}
interface Place extends Since {
  readonly siteId: string;
  readonly name: string;
}

/** That a site is there and in use is looked up before a command names it. */
export type DeviceCommand = CommandOf<{
  RegisterDevice: DataOf<'DeviceRegistered'> & { readonly place: Place | null };
  AttachDevice: Place;
  DetachDevice: Since;
  RenameDevice: DataOf<'DeviceRenamed'>;
  SetDeviceProduct: DataOf<'DeviceProductSet'>;
  RetireDevice: DataOf<'DeviceRetired'>;
}>;

export interface KnownDevice extends DataOf<'DeviceRegistered'> {
  readonly status: 'inUse' | 'retired';
  /** Where it works now. */
  readonly attached: DataOf<'DeviceAttached'> | null;
  /** When it was detached last: it was at one site at a time. */
  readonly detachedAt: string | null;
}
export type DeviceState = { readonly status: 'absent' } | KnownDevice;

export const deviceNameKey = (siteId: string, name: string): Key => ({
  kind: 'device-name',
  value: `${siteId}/${name}`,
});
export const deviceSerialKey = (type: string, serialNumber: string): Key => ({
  kind: 'device-serial',
  value: `${type}/${serialNumber}`,
});

/** A retired device holds none: what replaces it may have its name, and a mistake can be registered anew. */
const keys = (state: DeviceState): readonly Key[] => {
  if (state.status !== 'inUse') return [];
  const { type, serialNumber, attached } = state;
  return [
    ...(serialNumber === null ? [] : [deviceSerialKey(type, serialNumber)]),
    ...(attached ? [deviceNameKey(attached.siteId, attached.name)] : []),
  ];
};

const attach = (
  { siteId, name, at: given }: Place,
  meta: CommandMeta,
  state: Pick<KnownDevice, 'attached' | 'detachedAt'>,
): readonly DeviceEvent[] => {
  const { attached, detachedAt } = state;
  if (attached) {
    if (attached.siteId === siteId && attached.name === name) return [];
    throw isAttached(attached);
  }
  const at = timeOf(given, meta, detachedAt);
  return [{ type: 'DeviceAttached', data: { siteId, name, at } }];
};

/** A time that lies ahead would forbid every change until then. */
const timeOf = (
  given: string | null,
  { occurredAt }: CommandMeta,
  since: string | null,
): string => {
  const earliest = since ?? occurredAt;
  const at = given ?? (occurredAt > earliest ? occurredAt : earliest);
  if (given !== null && given > occurredAt) throw badTime('expected no time that lies ahead');
  if (since !== null && at < since) throw badTime(`expected a time from ${since} on`);
  return at;
};

const change = (command: DeviceCommand, state: KnownDevice): readonly DeviceEvent[] => {
  if (command.type === 'RetireDevice') return retire(command.meta, state);
  if (state.status === 'retired') throw retiredDevice();
  const { attached } = state;
  switch (command.type) {
    case 'RegisterDevice':
      throw deviceExists();
    case 'AttachDevice':
      return attach(command.data, command.meta, state);
    case 'DetachDevice':
      return attached ? [detached(command.data.at, command.meta, attached)] : [];
    case 'RenameDevice':
      if (!attached) throw isNotAttached();
      if (attached.name === command.data.name) return [];
      return [{ type: 'DeviceRenamed', data: command.data }];
    case 'SetDeviceProduct':
      if (command.data.productId === state.productId) return [];
      return [{ type: 'DeviceProductSet', data: command.data }];
  }
};

const detached = (
  given: string | null,
  meta: CommandMeta,
  { at: since }: DataOf<'DeviceAttached'>,
): DeviceEvent => ({ type: 'DeviceDetached', data: { at: timeOf(given, meta, since) } });

const retire = (meta: CommandMeta, { status, attached }: KnownDevice): readonly DeviceEvent[] => {
  if (status === 'retired') return [];
  return [
    ...(attached ? [detached(null, meta, attached)] : []),
    { type: 'DeviceRetired', data: {} },
  ];
};

export const unknownDevice = () =>
  new Refusal('DEVICE_UNKNOWN', 'not-found', 'there is no such device');

export const retiredDevice = () =>
  new Refusal('DEVICE_RETIRED', 'conflict', 'the device is not used any more');

const deviceExists = () =>
  new Refusal('DEVICE_EXISTS', 'conflict', 'there is a device with this id already');

const isAttached = ({ siteId, name }: DataOf<'DeviceAttached'>) =>
  new Refusal(
    'DEVICE_ATTACHED',
    'conflict',
    `the device is attached to another site or by another name (${name}): detach or rename it`,
    { siteId, name },
  );

const isNotAttached = () =>
  new Refusal('DEVICE_NOT_ATTACHED', 'conflict', 'the device is at no site: attach it by a name');

const badTime = (reason: string) =>
  new Refusal('ATTACHMENT_TIME_INVALID', 'unprocessable', 'the time does not fit the others', {
    errors: [{ pointer: '/at', reason }],
  });

export const deviceDecider: Decider<DeviceState, DeviceCommand, DeviceEvent> = {
  category: deviceCategory,
  events: deviceEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (state.status !== 'absent') return change(command, state);
    if (command.type !== 'RegisterDevice') throw unknownDevice();
    const { place, ...data } = command.data;
    const nowhere = { attached: null, detachedAt: null };
    return [
      { type: 'DeviceRegistered', data },
      ...(place ? attach(place, command.meta, nowhere) : []),
    ];
  },
  evolve(state, event) {
    if (event.type === 'DeviceRegistered') {
      return { status: 'inUse', ...event.data, attached: null, detachedAt: null };
    }
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'DeviceAttached':
        return { ...state, attached: event.data };
      case 'DeviceDetached':
        return { ...state, attached: null, detachedAt: event.data.at };
      case 'DeviceRenamed':
        return { ...state, attached: state.attached && { ...state.attached, ...event.data } };
      case 'DeviceProductSet':
        return { ...state, ...event.data };
      case 'DeviceRetired':
        return { ...state, status: 'retired' };
    }
  },
  keys,
};
