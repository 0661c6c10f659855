import type { Routes } from '#kernel/context.js';
import type { Projection } from '#subscription/projection/projection.js';

import { apiKeys } from './api-keys/api-keys.projection.js';
import { devices } from './devices/devices.projection.js';
import { eventClock } from './event-clock/event-clock.projection.js';
import { experiments } from './experiments/experiments.projection.js';
import { formulas } from './formulas/formulas.projection.js';
import { imports } from './imports/imports.projection.js';
import { intake } from './intake/intake.projection.js';
import { labThings } from './lab-things/lab-things.projection.js';
import { productCatalog } from './product-catalog/product-catalog.projection.js';
import { samples } from './samples/samples.projection.js';
import { stationBoard } from './station-board/station-board.projection.js';

/** Every read model. The projector runs them, the API answers from them. */
export const projections: readonly Projection[] = [
  eventClock,
  productCatalog,
  imports,
  apiKeys,
  devices,
  intake,
  formulas,
  experiments,
  labThings,
  stationBoard,
  samples,
];

/** The routes of the read models; only the API loads them. */
export const readModelRoutes: Routes = async () => [
  (await import('./product-catalog/products.http.js')).ProductsController,
  (await import('./product-catalog/manufacturers.http.js')).ManufacturersController,
  (await import('./imports/imports.module.js')).ImportsModule,
  (await import('./api-keys/api-keys.http.js')).ApiKeysController,
  (await import('./samples/samples.http.js')).DeviceSamplesController,
  (await import('./samples/latest.http.js')).LatestController,
  (await import('./formulas/formulas.http.js')).FormulasController,
  (await import('./formulas/formula-templates.http.js')).FormulaTemplatesController,
  (await import('./intake/quarantine.http.js')).QuarantinedController,
  (await import('./intake/device-lists.http.js')).DeviceLinksController,
  (await import('./intake/device-lists.http.js')).DeviceIntakeController,
  (await import('./lab-things/batteries.http.js')).BatteriesController,
  (await import('./lab-things/cycler-devices.http.js')).CyclerDevicesController,
  (await import('./lab-things/units.http.js')).UnitsController,
  (await import('./lab-things/stations.http.js')).StationsController,
  (await import('./lab-things/profiles.http.js')).ProfilesController,
  (await import('./devices/sites.http.js')).SitesController,
  (await import('./experiments/experiments.http.js')).ExperimentsController,
  (await import('./experiments/alarms.http.js')).AlarmsController,
  (await import('./station-board/station-board.http.js')).StationBoardController,
  (await import('./devices/devices.http.js')).DevicesController,
  (await import('./devices/configurations.http.js')).DeviceConfigurationsController,
  (await import('./devices/credentials.http.js')).DeviceCredentialsController,
];
