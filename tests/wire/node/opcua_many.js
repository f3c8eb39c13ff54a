// A foreign OPC UA client that listens to many items at once and only counts: values, and how old they were.
//
//   node opcua_many.js <endpoint url> <namespace uri> <items> <publishing ms> <queue> <seconds>
//
// Prints one JSON line when it listens and one when it is done. An age is arrival minus source time, both of this
// machine's clock.
"use strict";

const opcua = require("node-opcua-client");

const [url, namespaceUri, items, interval, queue, seconds] = process.argv.slice(2);
const say = (content) => process.stdout.write(`${JSON.stringify(content)}\n`);

async function main() {
  const client = opcua.OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0 },
    transportSettings: { maxMessageSize: 64 * 1024 * 1024, maxChunkCount: 4096 },
  });
  await client.connect(url);
  const session = await client.createSession();
  const index = (await session.readNamespaceArray()).indexOf(namespaceUri);
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: Number(interval),
    requestedLifetimeCount: 1000,
    requestedMaxKeepAliveCount: 20,
    maxNotificationsPerPublish: 0,
    publishingEnabled: true,
    priority: 1,
  });
  let count = 0;
  let began = 0;
  const ages = [];
  subscription.on("raw_notification", (message) => {
    const now = Date.now();
    for (const data of message.notificationData || []) {
      const changes = data && data.monitoredItems;
      if (!changes || !began) continue;
      count += changes.length;
      ages.push(now - changes[0].value.sourceTimestamp.getTime());
      ages.push(now - changes[changes.length - 1].value.sourceTimestamp.getTime());
    }
  });
  const wanted = Array.from({ length: Number(items) }, (_, i) => ({
    itemToMonitor: { nodeId: `ns=${index};s=plc1/P/V${i}`, attributeId: opcua.AttributeIds.Value },
    monitoringMode: opcua.MonitoringMode.Reporting,
    requestedParameters: { clientHandle: i + 1, samplingInterval: 0, queueSize: Number(queue), discardOldest: true },
  }));
  for (let i = 0; i < wanted.length; i += 5000) {
    const request = new opcua.CreateMonitoredItemsRequest({
      subscriptionId: subscription.subscriptionId,
      timestampsToReturn: opcua.TimestampsToReturn.Both,
      itemsToCreate: wanted.slice(i, i + 5000),
    });
    const made = await session.createMonitoredItems(request);
    if (made.results.some((r) => r.statusCode.value !== 0)) throw new Error("an item was refused");
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  say({ listening: true });
  began = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 1000 * Number(seconds)));
  const elapsed = (Date.now() - began) / 1000;
  began = 0;
  ages.sort((a, b) => a - b);
  say({ count, elapsed, p50: ages[ages.length >> 1], p99: ages[Math.floor(ages.length * 0.99)] });
  await subscription.terminate();
  await session.close();
  await client.disconnect();
}

main().catch((error) => {
  say({ failed: String(error && error.stack ? error.stack : error) });
  process.exit(1);
});
