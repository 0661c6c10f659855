import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, name, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const siteCategory = 'site';
export const siteStream = (id: string): string => `${siteCategory}-${id}`;

const siteName = name('Unique among sites.');
const timeZone = name('IANA name of the zone by whose days and months the site is read.');
const description = text('What it is; empty where nobody said.');

export const siteEvents = eventTypes({
  SiteRegistered: {
    about: 'There is a place with devices.',
    data: closed({ name: siteName, timeZone, description }),
    example: {
      name: 'house-7',
      timeZone: 'Europe/Brussels',
      description: 'Laboratory house with PV, battery and a charging point',
    },
  },
  SiteRenamed: {
    about: 'The site has another name.',
    data: closed({ name: siteName }),
    example: { name: 'house-7a' },
  },
  SiteDescribed: {
    about: 'The description of the site was replaced.',
    data: closed({ description }),
    example: { description: 'Moved to the new building' },
  },
  SiteTimeZoneSet: {
    about: 'The site is read by the days and months of another zone, past ones too.',
    data: closed({ timeZone }),
    example: { timeZone: 'Europe/Berlin' },
  },
  SiteRetired: {
    about: 'The site is not used any more; what was measured there stays.',
    data: closed({}),
    example: {},
  },
});

export type SiteEvent = EventOf<typeof siteEvents>;
