import type { CommandOf } from '#kernel/command.js';
import type { Decider, Key } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { siteCategory, type SiteEvent, siteEvents } from './events.js';

type DataOf<T extends SiteEvent['type']> = Extract<SiteEvent, { type: T }>['data'];

export type SiteCommand = CommandOf<{
  RegisterSite: DataOf<'SiteRegistered'>;
  RenameSite: DataOf<'SiteRenamed'>;
  DescribeSite: DataOf<'SiteDescribed'>;
  SetSiteTimeZone: DataOf<'SiteTimeZoneSet'>;
  RetireSite: DataOf<'SiteRetired'>;
}>;

export interface KnownSite extends DataOf<'SiteRegistered'> {
  readonly status: 'inUse' | 'retired';
}
export type SiteState = { readonly status: 'absent' } | KnownSite;

/** Names that differ in case or spaces only are the same name. */
export const siteNameKey = (name: string): Key => ({
  kind: 'site-name',
  value: name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase(),
});

const change = (command: SiteCommand, state: KnownSite): readonly SiteEvent[] => {
  if (command.type === 'RetireSite') {
    return state.status === 'retired' ? [] : [{ type: 'SiteRetired', data: {} }];
  }
  if (state.status === 'retired') throw retiredSite();
  switch (command.type) {
    case 'RegisterSite':
      throw siteExists();
    case 'RenameSite':
      if (command.data.name === state.name) return [];
      return [{ type: 'SiteRenamed', data: command.data }];
    case 'DescribeSite':
      if (command.data.description === state.description) return [];
      return [{ type: 'SiteDescribed', data: command.data }];
    case 'SetSiteTimeZone':
      if (command.data.timeZone === state.timeZone) return [];
      return [{ type: 'SiteTimeZoneSet', data: command.data }];
  }
};

export const unknownSite = () => new Refusal('SITE_UNKNOWN', 'not-found', 'there is no such site');

export const retiredSite = () =>
  new Refusal('SITE_RETIRED', 'conflict', 'the site is not used any more');

const siteExists = () =>
  new Refusal('SITE_EXISTS', 'conflict', 'there is a site with this id already');

export const siteDecider: Decider<SiteState, SiteCommand, SiteEvent> = {
  category: siteCategory,
  events: siteEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    if (state.status !== 'absent') return change(command, state);
    if (command.type !== 'RegisterSite') throw unknownSite();
    return [{ type: 'SiteRegistered', data: command.data }];
  },
  evolve(state, event) {
    if (event.type === 'SiteRegistered') return { status: 'inUse', ...event.data };
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'SiteRenamed':
      case 'SiteDescribed':
      case 'SiteTimeZoneSet':
        return { ...state, ...event.data };
      case 'SiteRetired':
        return { ...state, status: 'retired' };
    }
  },
  keys: (state) => (state.status === 'inUse' ? [siteNameKey(state.name)] : []),
};
