import kafkajs, { type Admin } from 'kafkajs';

import { until } from '#testing/until.js';

const { TOPIC: type } = kafkajs.ConfigResourceTypes;

/** What a topic takes as one batch, from when this resolves. */
export const setMaxMessageBytes = async (
  admin: Admin,
  topic: string,
  bytes: number,
): Promise<void> => {
  const limit = { name: 'max.message.bytes', value: String(bytes) };
  await alter(admin, topic, limit);
  // The broker is told after the controller has answered, and shows a setting before it acts upon it;
  // it acts upon one before it shows the next.
  await alter(admin, topic, limit, { name: 'segment.jitter.ms', value: String(bytes) });
};

interface Setting {
  readonly name: string;
  readonly value: string;
}

const alter = async (admin: Admin, topic: string, ...configEntries: Setting[]): Promise<void> => {
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type, name: topic, configEntries }],
  });
  const last = configEntries.at(-1);
  await until('the broker shows the setting', async () => {
    const configNames = configEntries.map(({ name }) => name);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name: topic, configNames }],
    });
    const shown = resources[0]?.configEntries ?? [];
    return shown.some(({ configName, configValue: value }) => {
      return configName === last?.name && value === last.value;
    });
  });
};
