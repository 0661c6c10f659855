import { LabLookups } from '#battery-lab/lookups.js';
import type { EventLog } from '#event-log/event-log.js';
import { Refusal } from '#kernel/refusal.js';
import { products } from '#projections/product-catalog/products.http.js';
import type { ReadStore } from '#read-store/read-store.js';
import { readOne } from '#resource/reading.js';
import { Devices } from '#telemetry/device/find-device.js';

/** What the lab asks of the registry, by its read model, and of the link. */
export class ApiLookups extends LabLookups {
  private readonly devices: Devices;

  constructor(
    private readonly store: ReadStore,
    log: EventLog,
  ) {
    super();
    this.devices = new Devices(log);
  }

  override async productId(idOrCode: string): Promise<string> {
    await products.ready(this.store, undefined);
    const product = await readOne(this.store.pool, products, idOrCode);
    if (!product) throw unknownProduct();
    return (product as { readonly id: string }).id;
  }

  override async requireDevice(id: string): Promise<void> {
    await this.devices.find(id);
  }
}

const unknownProduct = () =>
  new Refusal('BATTERY_PRODUCT_UNKNOWN', 'unprocessable', 'the registry has no such product', {
    errors: [{ pointer: '/productId', reason: 'expected the id or a code of a product' }],
  });
