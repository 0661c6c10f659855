import kafkajs, { type Admin } from 'kafkajs';

/** What a topic takes as one batch. */
export const setMaxMessageBytes = async (
  admin: Admin,
  topic: string,
  bytes: number,
): Promise<void> => {
  const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }];
  const { TOPIC: type } = kafkajs.ConfigResourceTypes;
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type, name: topic, configEntries }],
  });
};
