import type { KnownList } from '#csv/layout.js';

/**
 * The published lists by what only they have. Nearly all of them begin with a manufacturer and a model and have a
 * description, notes, a technology or ratings in kW: that alone tells nothing.
 */

const storage: KnownList = {
  title: 'the CEC list of energy storage systems',
  titleRow: /^(?:cec )?energy storage systems?(?: equipment)? list/,
  marks: ['pv dc input', 'ul 9540'],
  least: 1,
};

const inverters: KnownList = {
  title: 'the CEC list of inverters',
  titleRow: /^(?:cec )?(?:grid support |solar |battery |hybrid )*inverters? list/,
  marks: [
    'weighted efficiency',
    'night tare',
    'microinverter',
    'built-in meter',
    'power rated',
    'efficiency @vnom',
    'efficiency @vmin',
    'efficiency @vmax',
    'maximum continuous output power',
    'grid support listing',
    'ul 1741',
  ],
  least: 2,
};

const modules: KnownList = {
  title: 'the CEC list of PV modules',
  titleRow: /^(?:cec )?(?:pv|photovoltaic|solar) modules?(?: equipment)? list/,
  marks: [
    'nameplate pmax',
    'nameplate isc',
    'nameplate voc',
    'nameplate ipmax',
    'nameplate vpmax',
    'ptc',
    'a_c',
    'n_s',
    'n_p',
    'bipv',
    'average noct',
    'iec 61215',
    'iec 61853',
  ],
  least: 2,
};

const meters: KnownList = {
  title: 'the CEC list of meters',
  titleRow: /^(?:cec )?(?:performance |revenue )*meters? list/,
  marks: ['display type', 'pbi meter'],
  least: 1,
};

const powerControl: KnownList = {
  title: 'the CEC list of power control systems',
  titleRow: /^(?:cec )?power control systems?(?: equipment)? list/,
  marks: ['pcs', 'power control system', 'power control systems', 'controlled current'],
  least: 2,
};

const domesticContent: KnownList = {
  title: 'a list of domestic content evidence',
  marks: ['domestic content', 'source doc url', 'product family'],
  least: 2,
};

/** What the battery list has and no other; a title of the workbook alone is "Battery List". */
export const batteryTitleRow = /^(?:cec )?batter(?:y|ies)(?: equipment)? list/;
const batteries: KnownList = {
  title: 'the CEC battery list, which is a list of products',
  titleRow: batteryTitleRow,
  marks: ['ul 1973', 'nameplate energy capacity', 'ja12', 'battery listing date'],
  least: 1,
};

const manufacturerCodes: KnownList = {
  title: 'a list of manufacturer codes, which is a list of manufacturers',
  marks: ['entitycode', 'entity code', 'prodmfr_value'],
  // A list of products may have a column of codes of its own.
  least: 2,
};

const notImported = [storage, inverters, modules, meters, powerControl, domesticContent];

/** What a file may be that is no battery list. */
export const notBatteries: readonly KnownList[] = [...notImported, manufacturerCodes];

/** What a file may be that is no list of manufacturer codes. */
export const notManufacturerCodes: readonly KnownList[] = [...notImported, batteries];
