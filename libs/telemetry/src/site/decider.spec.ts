import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { siteDecider, siteNameKey } from './decider.js';
import { type SiteEvent, siteEvents } from './events.js';

const given = givenFor(siteDecider);
const meta = commandMeta();
const {
  SiteRegistered: registered,
  SiteRenamed: renamed,
  SiteTimeZoneSet: zoneSet,
  SiteRetired: retired,
} = exampleEvents(siteEvents);
const rename = { type: 'RenameSite', data: renamed.data, meta } as const;
const retire = { type: 'RetireSite', data: {}, meta } as const;

describe('a site', () => {
  it('is registered once', () => {
    const register = { type: 'RegisterSite', data: registered.data, meta } as const;
    given().when(register).then(registered);
    given(registered).when(register).thenRefused('SITE_EXISTS');
    given().when(rename).thenRefused('SITE_UNKNOWN');
  });

  it('changes only where something changes', () => {
    given(registered).when(rename).then(renamed);
    given(registered, renamed).when(rename).thenNothing();
    const setZone = { type: 'SetSiteTimeZone', data: zoneSet.data, meta } as const;
    given(registered).when(setZone).then(zoneSet);
    given(registered, zoneSet).when(setZone).thenNothing();
  });

  it('is retired for good', () => {
    given(registered).when(retire).then(retired);
    given(registered, retired).when(retire).thenNothing();
    given(registered, retired).when(rename).thenRefused('SITE_RETIRED');
  });

  it('holds the name that it has now, however it is written', () => {
    const keys = (...events: SiteEvent[]) => siteDecider.keys?.(given(...events).state, 'one');
    expect(keys(registered, renamed)).toEqual([siteNameKey(' HOUSE-7a ')]);
    expect(keys(registered, retired)).toEqual([]);
  });
});
