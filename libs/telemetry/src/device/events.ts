import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, id, instant, name, orNull, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const deviceCategory = 'device';
export const deviceStream = (id: string): string => `${deviceCategory}-${id}`;

const deviceName = name(
  'Letter first, then letters, digits and underscores; unique within its site.',
);
const type = name('What kind of device it is, such as `egauge`.');
const serialNumber = orNull(text('As it stands on the device; null where it has none.'));
const productId = orNull(id('Product of the registry that the device is one of.'));
const at = instant('From when on it is so.');

export const deviceEvents = eventTypes({
  DeviceRegistered: {
    about: 'There is a device that measures or is controlled.',
    data: closed({ type, serialNumber, productId }),
    example: {
      type: 'egauge',
      serialNumber: 'EG-4071',
      productId: 'a3b7f7e2-55cb-5b6d-9f3e-0b7f3a1d2c44',
    },
  },
  DeviceAttached: {
    about: 'The device works at a site, under a name of its own there.',
    data: closed({ siteId: id('The site.'), name: deviceName, at }),
    example: {
      siteId: '0a5f0f59-6a51-5f50-8a6e-9a0f6f3f7b11',
      name: 'egauge',
      at: '2026-03-01T00:00:00.000Z',
    },
  },
  DeviceDetached: {
    about: 'The device does not work at its site any more.',
    data: closed({ at }),
    example: { at: '2026-09-01T00:00:00.000Z' },
  },
  DeviceRenamed: {
    about: 'The device has another name at its site.',
    data: closed({ name: deviceName }),
    example: { name: 'egauge_cellar' },
  },
  DeviceProductSet: {
    about: 'The device is one of another product of the registry, or of none.',
    data: closed({ productId }),
    example: { productId: null },
  },
  DeviceRetired: {
    about: 'The device is not used any more; what it measured stays.',
    data: closed({}),
    example: {},
  },
});

export type DeviceEvent = EventOf<typeof deviceEvents>;
