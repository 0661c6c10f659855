import { connectAsync } from 'mqtt';

/** Takes every message of devices at QoS 1, and does nothing with it but count: says so at each `every`-th. */
const main = async ([url = '', every = '1']: readonly string[]): Promise<void> => {
  let received = 0;
  const client = await connectAsync(url, { clientId: 'bare-subscriber' });
  client.on('message', () => {
    received += 1;
    if (received % Number(every) === 0) console.log(`received ${String(received)}`);
  });
  await client.subscribeAsync('voltrace/v1/+/samples', { qos: 1 });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ type: 'ready' });
};

await main(process.argv.slice(2));
