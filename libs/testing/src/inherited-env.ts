/**
 * What the processes that a test starts take over from the run's own environment. With
 * `EVENT_NODE_ANSWERS=as-a-server` every embedded node of a run answers as EventStoreDB does.
 * No load balancer is told before an API stops, as `DRAIN_SECONDS` would have it.
 */
export const inheritedEnv = (): NodeJS.ProcessEnv => {
  const { PATH, EVENT_NODE_ANSWERS } = process.env;
  return {
    PATH,
    DRAIN_SECONDS: '0',
    ...(EVENT_NODE_ANSWERS !== undefined && { EVENT_NODE_ANSWERS }),
  };
};
