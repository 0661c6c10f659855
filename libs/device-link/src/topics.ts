/** What a device sends, by the last level of its topic. */
export const upKinds = [
  'birth',
  'state',
  'samples',
  'reports',
  'occurrences',
  'steps',
  'acks',
] as const;
export type UpKind = (typeof upKinds)[number];
export const downKinds = ['instructions', 'config', 'lease'] as const;
export type DownKind = (typeof downKinds)[number];

/** The broker keeps the newest of these for whoever subscribes later. */
const retained: readonly string[] = ['birth', 'state'];

const root = 'voltrace/v1';
/** An id is one level of a topic and part of a stream's name: no separator of either, no wildcard. */
const id = '[A-Za-z0-9_-]{1,64}';
const current = new RegExp(`^${root}/(${id})/([a-z]+)$`);

export const downTopic = (device: string, kind: DownKind): string => `${root}/${device}/${kind}`;
export const upTopic = (device: string, kind: UpKind): string => `${root}/${device}/${kind}`;

/** What a topic says of its message. */
export interface UpTopic {
  readonly device: string;
  readonly kind: UpKind;
  /** Of the older shape: the time of the message in milliseconds since 1970, and no envelope. */
  readonly older?: { readonly name: string; readonly at: number };
}

/** What devices publish on, by our own topics and those of the older shape under this prefix. */
export class Topics {
  private readonly older: RegExp | undefined;
  private readonly olderPrefix: string | undefined;

  constructor(olderPrefix?: string) {
    if (olderPrefix === undefined) return;
    this.olderPrefix = olderPrefix;
    const prefix = olderPrefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    this.older = new RegExp(
      `^${prefix}_read/${prefix}_house_[^/]{1,64}/(${id})/([^/]{1,200})/(\\d{1,16})/(data|event)$`,
    );
  }

  /** Undefined where nothing is sent on such a topic. */
  read(topic: string): UpTopic | undefined {
    const [, device, kind] = current.exec(topic) ?? [];
    if (device !== undefined) {
      const known = upKinds.find((one) => one === kind);
      return known && { device, kind: known };
    }
    const [, olderDevice, name, at, what] = this.older?.exec(topic) ?? [];
    if (olderDevice === undefined || name === undefined) return undefined;
    const older = { name, at: Number(at) };
    return { device: olderDevice, kind: what === 'data' ? 'samples' : 'occurrences', older };
  }

  /** What a device may publish on, as filters for the access list of a broker. */
  filtersOf(device: string): readonly string[] {
    return [...upKinds.map((kind) => upTopic(device, kind)), ...this.olderFilters(device)];
  }

  /** What a bridge subscribes to, by class of traffic: one that is slow does not hold up the others. */
  filters(): readonly (readonly string[])[] {
    const of = (...kinds: readonly UpKind[]) => kinds.map((kind) => `${root}/+/${kind}`);
    const [data = [], event = []] = this.olderFilters('+').map((filter) => [filter]);
    return [
      [...of('samples'), ...data],
      [...of('birth', 'state', 'reports', 'occurrences', 'steps', 'acks'), ...event],
    ];
  }

  private olderFilters(device: string): readonly string[] {
    if (this.olderPrefix === undefined) return [];
    return ['data', 'event'].map((what) => `${this.olderPrefix}_read/+/${device}/+/+/${what}`);
  }
}

/** Whether a device may have the broker keep a message of this kind. */
export const mayRetain = ({ kind, older }: UpTopic): boolean =>
  older === undefined && retained.includes(kind);

/** Whether a filter is that of one thing that is sent to this device. Wildcards would queue its own messages for it. */
export const isOwnFilter = (device: string, filter: string): boolean =>
  downKinds.some((kind) => filter === downTopic(device, kind));
