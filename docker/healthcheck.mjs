// Healthy is who is ready, of whatever serves health here: the API on PORT, the other apps on HEALTH_PORT.
// Where nobody listens nothing is said, but somebody has to.
const { PORT = '8080', HEALTH_PORT } = process.env;

/** The status; undefined where nobody listens, 0 where nobody answers in time. */
const statusOf = async (port) => {
  try {
    const url = `http://127.0.0.1:${port}/health/ready`;
    return (await fetch(url, { signal: AbortSignal.timeout(4_000) })).status;
  } catch (error) {
    return error.cause?.code === 'ECONNREFUSED' ? undefined : 0;
  }
};

const ports = [PORT, HEALTH_PORT].filter(Boolean);
const found = (await Promise.all(ports.map(statusOf))).filter((status) => status !== undefined);
process.exitCode = found.length > 0 && found.every((status) => status === 200) ? 0 : 1;
