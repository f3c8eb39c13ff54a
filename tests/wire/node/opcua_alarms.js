// A foreign client of alarms: hears of one, acknowledges it, asks for a refresh, and says what it saw, a JSON line each.
//
//   node opcua_alarms.js <endpoint url>
//
// After {"step": "listening"} it expects the alarm.
"use strict";

const opcua = require("node-opcua-client");

const [url] = process.argv.slice(2);
const FIELDS = [
  "EventId", "EventType", "SourceName", "Severity", "Message", "ConditionName", "Retain", "Comment",
  "ActiveState.Id", "AckedState.Id", "ConfirmedState.Id", "LimitState.CurrentState",
];
const ALARM = "i=2915"; // AlarmConditionType
const NODE_ID_FIELD = FIELDS.length;

function report(step, content) {
  process.stdout.write(`${JSON.stringify({ step, ...content })}\n`);
}

async function main() {
  const client = opcua.OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0, initialDelay: 10, maxDelay: 10 },
  });
  await client.connect(url);
  const session = await client.createSession();
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 50,
    requestedLifetimeCount: 1000,
    requestedMaxKeepAliveCount: 10,
    maxNotificationsPerPublish: 100,
    publishingEnabled: true,
    priority: 1,
  });
  const filter = opcua.constructEventFilter(FIELDS, opcua.ofType(ALARM));
  filter.selectClauses.push(
    new opcua.SimpleAttributeOperand({
      typeDefinitionId: "i=2782",
      browsePath: [],
      attributeId: opcua.AttributeIds.NodeId,
    })
  );
  const waiting = [];
  const heard = [];
  const item = await subscription.monitor(
    { nodeId: "i=2253", attributeId: opcua.AttributeIds.EventNotifier },
    { samplingInterval: 0, discardOldest: true, queueSize: 100, filter },
    opcua.TimestampsToReturn.Both
  );
  item.on("changed", (fields) => {
    const next = waiting.shift();
    if (next) next(fields);
    else heard.push(fields);
  });
  const event = () => (heard.length ? Promise.resolve(heard.shift()) : new Promise((resolve) => waiting.push(resolve)));
  const plain = (fields) => {
    const said = {};
    FIELDS.forEach((name, i) => {
      const value = fields[i].value;
      said[name] = value && value.text !== undefined ? value.text : Buffer.isBuffer(value) ? value.toString("hex") : value;
    });
    said.EventType = fields[1].value.toString();
    said.ConditionId = fields[NODE_ID_FIELD].value ? fields[NODE_ID_FIELD].value.toString() : null;
    return said;
  };
  report("listening", { status: item.statusCode.value });
  const raised = await event();
  report("raised", plain(raised));
  const acknowledged = await session.acknowledgeCondition(raised[NODE_ID_FIELD].value, raised[0].value, "seen by a stranger");
  report("acknowledge", { status: acknowledged.value });
  report("acknowledged", plain(await event()));
  const refreshed = await session.call({
    objectId: "i=2782",
    methodId: "i=3875",
    inputArguments: [{ dataType: opcua.DataType.UInt32, value: subscription.subscriptionId }],
  });
  report("refresh", { status: refreshed.statusCode.value });
  report("told_again", { types: [(await event())[1], (await event())[1], (await event())[1]].map((f) => f.value.toString()) });
  await subscription.terminate();
  await session.close();
  await client.disconnect();
}

main().catch((error) => {
  report("error", { message: String(error && error.stack ? error.stack : error) });
  process.exit(1);
});
