/**
 * What the lab asks of others before it decides. Contexts do not know each other: the API, which knows all of
 * them, provides it.
 */
export abstract class LabLookups {
  /** The id of the product of the registry that has this id or code. Throws where there is none. */
  abstract productId(idOrCode: string): Promise<string>;
  /** Throws where the link knows no such device, or a retired one. */
  abstract requireDevice(id: string): Promise<void>;
}
