// The second half of opcua_conformance.js: subscriptions and roles.
"use strict";

const t = require("./opcua_conformance");
const { A, ask, check, commit, each, name, o, pause, whole } = t;

// Publish by hand: node-opcua's own publishing would hide what the server says.
class Watcher {
  constructor(session) { this.session = session; this.acks = []; }

  async create(more = {}) {
    const answer = await ask(this.session, new o.CreateSubscriptionRequest({
      requestedPublishingInterval: 10, requestedLifetimeCount: 3000, requestedMaxKeepAliveCount: 10,
      maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1, ...more,
    }));
    this.id = answer.subscriptionId;
    return answer;
  }

  items(wanted, timestampsToReturn = o.TimestampsToReturn.Both) {
    return ask(this.session, new o.CreateMonitoredItemsRequest({
      subscriptionId: this.id, timestampsToReturn,
      itemsToCreate: wanted.map(({ nodeId, attributeId = A.Value, indexRange, mode = o.MonitoringMode.Reporting, ...parameters }, i) => ({
        itemToMonitor: { nodeId, attributeId, indexRange }, monitoringMode: mode,
        requestedParameters: { clientHandle: i + 1, samplingInterval: 0, queueSize: 1, discardOldest: true, ...parameters },
      })),
    }));
  }

  async publish(acknowledge = true) {
    const answer = await ask(this.session, new o.PublishRequest({ subscriptionAcknowledgements: this.acks }));
    this.acks = [];
    if (typeof answer === "string") return { refused: answer };
    const { notificationData = [], sequenceNumber } = answer.notificationMessage;
    if (acknowledge && (notificationData || []).length) this.acks.push({ subscriptionId: answer.subscriptionId, sequenceNumber });
    const data = (notificationData || []).flatMap((d) => d.monitoredItems || []);
    const status = (notificationData || []).map((d) => d.status).find(Boolean);
    return {
      id: answer.subscriptionId, sequence: sequenceNumber, available: Array.from(answer.availableSequenceNumbers || []), more: answer.moreNotifications,
      results: (answer.results || []).map(name), status: status && status.name,
      data: data.map((m) => ({ handle: m.clientHandle, value: m.value.value ? m.value.value.value : null, code: m.value.statusCode.value })),
    };
  }

  remove() { return ask(this.session, new o.DeleteSubscriptionsRequest({ subscriptionIds: [this.id] })); }
}
const values = (message) => message.data.map((d) => d.value);
const filter = (deadbandType, deadbandValue, trigger = o.DataChangeTrigger.StatusValue) =>
  new o.DataChangeFilter({ trigger, deadbandType, deadbandValue });

async function queues(session, id) {
  const w = new Watcher(session);
  const revised = await w.create({ requestedPublishingInterval: 100, requestedLifetimeCount: 1, requestedMaxKeepAliveCount: 5 });
  check("a lifetime is at least three keep-alives (5.14.2.2)", revised.revisedLifetimeCount >= 3 * revised.revisedMaxKeepAliveCount, true);
  const flow = id("Pump1/Flow");
  await commit({ flow: 10 });
  const made = await w.items([
    { nodeId: flow, queueSize: 3, discardOldest: true },
    { nodeId: flow, queueSize: 3, discardOldest: false },
    { nodeId: flow, queueSize: 1 },
    { nodeId: flow, filter: filter(o.DeadbandType.Absolute, 2), queueSize: 9 },
    { nodeId: flow, filter: filter(o.DeadbandType.Percent, 5), queueSize: 9 },
    { nodeId: flow, filter: filter(o.DeadbandType.None, 0, o.DataChangeTrigger.Status), queueSize: 9 },
    { nodeId: id("Pump1/Vibration"), indexRange: "0:1" },
    { nodeId: id("Pump1/Flow"), attributeId: A.BrowseName },
    { nodeId: flow, queueSize: 0xffffffff },
  ]);
  check("monitored items made", each(made), Array(9).fill("Good"));
  check("queue sizes as granted", made.results.map((r) => r.revisedQueueSize), [3, 3, 1, 9, 9, 9, 1, 1, 50]);
  check("sampling is no faster than a scan", made.results[0].revisedSamplingInterval, 100);
  const first = await w.publish();
  check("initial values of all", first.data.map((d) => d.handle).sort(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  check("messages count from 1", first.sequence, 1);
  for (const value of [11, 12, 13, 14, 15]) await commit({ flow: value });
  const second = await w.publish();
  const of = (handle) => second.data.filter((d) => d.handle === handle).map((d) => [d.value, d.code]);
  check("overflow, oldest discarded: the bit on the oldest left (5.13.1.5)", of(1), [[13, 0x480], [14, 0], [15, 0]]);
  check("overflow, newest discarded: the bit on the newest", of(2), [[11, 0], [12, 0], [15, 0x480]]);
  check("a queue of one has no overflow", of(3), [[15, 0]]);
  check("absolute dead band 2 against the last reported", of(4).map(([v]) => v), [13]);
  check("5 % of EURange 0..120 is 6", of(5), []);
  check("trigger Status", of(6), []);
  check("a name that does not change", of(8), []);
  check("the acknowledgement before", second.results, ["Good"]);
  await commit({ flow: 15, status: 0x80000000 });
  const third = await w.publish();
  check("a status passes every dead band and trigger", third.data.map((d) => d.handle).filter((h) => h < 7).sort(), [1, 2, 3, 4, 5, 6]);
  const refused = await w.items([
    { nodeId: "ns=2;s=nowhere" },
    { nodeId: id("Pump1") },
    { nodeId: flow, indexRange: "5:2" },
    { nodeId: id("Pump1/Running"), filter: filter(o.DeadbandType.Absolute, 1) },
    { nodeId: id("Pump1/Running"), filter: filter(o.DeadbandType.Percent, 1) },
    { nodeId: flow, filter: filter(o.DeadbandType.Percent, 101) },
    { nodeId: flow, filter: filter(o.DeadbandType.Absolute, -1) },
    { nodeId: flow, attributeId: A.BrowseName, filter: filter(o.DeadbandType.None, 0) },
    { nodeId: id("Pump1/Vibration"), indexRange: "0:1,0:1" },
  ]);
  check("items refused one by one", each(refused), ["BadNodeIdUnknown", "BadAttributeIdInvalid", "BadIndexRangeInvalid", "BadFilterNotAllowed",
    "BadFilterNotAllowed", "BadDeadbandFilterInvalid", "BadDeadbandFilterInvalid", "BadFilterNotAllowed", "Good"]);
  check("items too many", whole(await w.items(Array(16).fill({ nodeId: flow }))), "BadTooManyOperations");
  const items = await session.getMonitoredItems(w.id);
  check("GetMonitoredItems", [Array.from(items.clientHandles).length, new Set(items.serverHandles).size], [10, 10]);
  await w.remove();
}

async function modes(session, id) {
  const w = new Watcher(session);
  await w.create({ maxNotificationsPerPublish: 2 });
  await commit({ flow: 20, count: 1 });
  const { results } = await w.items([
    { nodeId: id("Pump1/Flow") },
    { nodeId: id("Pump1/Count"), mode: o.MonitoringMode.Sampling, queueSize: 5 },
    { nodeId: id("Pump1/Running"), mode: o.MonitoringMode.Disabled },
  ]);
  const [flow, count, running] = results.map((r) => r.monitoredItemId);
  check("only what reports is reported", values(await w.publish()), [20]);
  const link = (linksToAdd, linksToRemove = [], triggeringItemId = flow) => ask(session, new o.SetTriggeringRequest({ subscriptionId: w.id, triggeringItemId, linksToAdd, linksToRemove }));
  check("a link, and one to nothing", (await link([count, 4711])).addResults.map(name), ["Good", "BadMonitoredItemIdInvalid"]);
  check("links of nothing", whole(await link([])), "BadNothingToDo");
  check("links of no item", whole(await link([count], [], 4711)), "BadMonitoredItemIdInvalid");
  await commit({ flow: 20, count: 2 });
  await commit({ flow: 21, count: 3 });
  const [one, two] = [await w.publish(), await w.publish()];
  check("what is triggered comes with its queue, two at a time", [...one.data, ...two.data].map((d) => [d.handle, d.value]).sort(), [[1, 21], [2, 1], [2, 2], [2, 3]].sort());
  check("MoreNotifications", [one.more, two.more], [true, false]);
  check("sequence numbers without a gap", two.sequence - one.sequence, 1);
  check("a link taken away", (await link([], [count])).removeResults.map(name), ["Good"]);
  const mode = async (monitoringMode, ...monitoredItemIds) => each(await ask(session, new o.SetMonitoringModeRequest({ subscriptionId: w.id, monitoringMode, monitoredItemIds })));
  check("SetMonitoringMode", await mode(o.MonitoringMode.Reporting, running, 4711), ["Good", "BadMonitoredItemIdInvalid"]);
  check("an item that is let go on begins with its value", (await w.publish()).data.map((d) => [d.handle, d.value]), [[3, true]]);
  await commit({ flow: 22, count: 4 });
  await w.publish();
  await commit({ flow: 22, count: 5 });
  check("from Sampling to Reporting", await mode(o.MonitoringMode.Reporting, count), ["Good"]);
  check("its queue is reported", values(await w.publish()), [4, 5]);
  const quiet = await w.publish();
  check("a keep-alive is empty", quiet.data.length, 0);
  await commit({ flow: 23, count: 5 });
  const next = await w.publish(false);
  check("and carries the next sequence number", next.sequence, quiet.sequence);
  const again = await ask(session, new o.RepublishRequest({ subscriptionId: w.id, retransmitSequenceNumber: next.sequence }));
  check("Republish of what is not acknowledged", [whole(again), again.notificationMessage && again.notificationMessage.sequenceNumber], ["Good", next.sequence]);
  check("Republish of what is acknowledged", whole(await ask(session, new o.RepublishRequest({ subscriptionId: w.id, retransmitSequenceNumber: 1 }))), "BadMessageNotAvailable");
  check("Republish of no subscription", whole(await ask(session, new o.RepublishRequest({ subscriptionId: 4711, retransmitSequenceNumber: 1 }))), "BadSubscriptionIdInvalid");
  w.acks = [{ subscriptionId: w.id, sequenceNumber: next.sequence }, { subscriptionId: w.id, sequenceNumber: 999 }, { subscriptionId: 4711, sequenceNumber: 1 }];
  check("acknowledgements one by one", (await w.publish()).results, ["Good", "BadSequenceNumberUnknown", "BadSubscriptionIdInvalid"]);
  const publishing = (publishingEnabled, ...subscriptionIds) => ask(session, new o.SetPublishingModeRequest({ publishingEnabled, subscriptionIds }));
  check("SetPublishingMode", each(await publishing(false, w.id, 4711)), ["Good", "BadSubscriptionIdInvalid"]);
  await commit({ flow: 24, count: 5 });
  check("with publishing off, keep-alives", (await w.publish()).data.length, 0);
  await publishing(true, w.id);
  check("with publishing on, what waited", values(await w.publish()), [24]);
  const changed = await ask(session, new o.ModifySubscriptionRequest({ subscriptionId: w.id, requestedPublishingInterval: 200, requestedLifetimeCount: 60, requestedMaxKeepAliveCount: 2, maxNotificationsPerPublish: 0, priority: 3 }));
  check("ModifySubscription", [changed.revisedPublishingInterval, changed.revisedLifetimeCount, changed.revisedMaxKeepAliveCount], [200, 60, 2]);
  const smaller = await ask(session, new o.ModifyMonitoredItemsRequest({ subscriptionId: w.id, timestampsToReturn: 0, itemsToModify: [
    { monitoredItemId: count, requestedParameters: { clientHandle: 77, samplingInterval: 250, queueSize: 2, discardOldest: true } },
    { monitoredItemId: 4711, requestedParameters: { clientHandle: 1, samplingInterval: 0, queueSize: 2 } }] }));
  check("ModifyMonitoredItems", [each(smaller), smaller.results[0].revisedSamplingInterval, smaller.results[0].revisedQueueSize], [["Good", "BadMonitoredItemIdInvalid"], 300, 2]);
  const removed = await ask(session, new o.DeleteMonitoredItemsRequest({ subscriptionId: w.id, monitoredItemIds: [running, running] }));
  check("DeleteMonitoredItems", each(removed), ["Good", "BadMonitoredItemIdInvalid"]);
  check("Delete of nothing", whole(await ask(session, new o.DeleteMonitoredItemsRequest({ subscriptionId: w.id, monitoredItemIds: [] }))), "BadNothingToDo");
  const waits = w.publish();
  await w.remove();
  check("Publish without a subscription", (await waits).refused || (await w.publish()).refused, "BadNoSubscription");
}

async function lifetimes(session, id) {
  const [w, other] = [new Watcher(session), new Watcher(session)];
  await w.create({ requestedLifetimeCount: 3, requestedMaxKeepAliveCount: 1 });
  await commit({ flow: 30 });
  await w.items([{ nodeId: id("Pump1/Flow") }]);
  const first = await w.publish();
  await other.create({ requestedPublishingInterval: 5000 });
  await pause(450);
  const end = await w.publish(false);
  check("a lifetime that is over is told", [end.id, end.status], [first.id, "BadTimeout"]);
  check("with the next sequence number (7.26)", end.sequence >= first.sequence + 1, true);
  check("and it is gone", each(await w.remove()), ["BadSubscriptionIdInvalid"]);
  await other.remove();
}

async function transfers(id, session) {
  const [w, heir] = [new Watcher(session), new Watcher(await t.newSession())];
  await w.create();
  await commit({ flow: 40 });
  await w.items([{ nodeId: id("Pump1/Flow") }]);
  const first = await w.publish(false);
  const transfer = (sendInitialValues, ...subscriptionIds) => ask(heir.session, new o.TransferSubscriptionsRequest({ subscriptionIds, sendInitialValues }));
  const before = w.publish(false);
  const moved = await transfer(true, w.id, 4711);
  check("TransferSubscriptions", each(moved), ["Good", "BadSubscriptionIdInvalid"]);
  check("with what can be said again", Array.from(moved.results[0].availableSequenceNumbers), [first.sequence]);
  check("the former session is told", (await before).status, "GoodSubscriptionTransferred");
  heir.id = w.id;
  const again = await ask(heir.session, new o.RepublishRequest({ subscriptionId: w.id, retransmitSequenceNumber: first.sequence }));
  check("the heir asks for it again", whole(again), "Good");
  check("and hears the initial values", values(await heir.publish()), [40]);
  check("the former session has it no more", each(await w.remove()), ["BadSubscriptionIdInvalid"]);
  await heir.remove();
  await t.leave(heir.session);
}

async function roles(id) {
  const login = (userName, password) => t.newSession({ type: o.UserTokenType.UserName, userName, password });
  const observed = await login("watch", t.password);
  const setpoint = (session) => session.write({ nodeId: id("Pid1/Setpoint"), attributeId: A.Value, value: { value: { dataType: "Double", value: 30 } } });
  const read = async (session, nodeId, attributeId) => (await session.read({ nodeId, attributeId })).value.value;
  const run = async (session, objectId, methodId, ...inputArguments) => name((await session.call({ objectId, methodId, inputArguments })).statusCode);
  check("an observer writes", name(await setpoint(observed)), "BadUserAccessDenied");
  check("and is told so before", [await read(observed, id("Pid1/Setpoint"), A.AccessLevel), await read(observed, id("Pid1/Setpoint"), A.UserAccessLevel)], [3, 1]);
  check("an observer calls a command", await run(observed, id("Motor1"), id("Motor1/Start")), "BadUserAccessDenied");
  check("and is told so before the call", [await read(observed, id("Motor1/Start"), A.Executable), await read(observed, id("Motor1/Start"), A.UserExecutable)], [true, false]);
  const block = [{ dataType: "UInt64", arrayType: o.VariantArrayType.Scalar, value: [0, 0] }, { dataType: "UInt32", value: 2 }];
  check("an observer reads a block, which commands nothing", await run(observed, id("Pump1"), id("Pump1/ReadVibrationBlock"), ...block), "Good");
  check("and is told that he may", await read(observed, id("Pump1/ReadVibrationBlock"), A.UserExecutable), true);
  const w = new Watcher(observed);
  await w.create();
  check("an observer asks for his items", await run(observed, "i=2253", "i=11492", { dataType: "UInt32", value: w.id }), "Good");
  check("and is told that he may ask", await read(observed, "i=11492", A.UserExecutable), true);
  const operating = await login("op", t.password);
  check("an operator writes", name(await setpoint(operating)), "Good");
  check("an operator calls", await run(operating, id("Motor1"), id("Motor1/Start")), "Good");
  check("somebody else's items", await run(operating, "i=2253", "i=11492", { dataType: "UInt32", value: w.id }), "BadUserAccessDenied");
  const stolen = await ask(operating, new o.TransferSubscriptionsRequest({ subscriptionIds: [w.id] }));
  check("somebody else's subscription", each(stolen), ["BadUserAccessDenied"]);
  check("a wrong password (5.6.3.3)", await login("op", "guess").then(() => "Good", t.refusal), "BadUserAccessDenied");
  check("an unknown name says no more than that", await login("nobody", "guess").then(() => "Good", t.refusal), "BadUserAccessDenied");
  await t.leave(observed);
  await t.leave(operating);
}

// A part that cannot go on is a disagreement of its own, and not the end of the others.
const late = (ms) => new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), ms).unref());
const whatever = (part, work) => Promise.race([work, late(8000)])
  .catch((error) => check(`${part} goes on`, String(error.stack || error).slice(0, 300), "to its end"));

async function main() {
  const client = await t.newClient();
  const uri = await t.discovery(client);
  const session = await t.sessions(client, uri);
  const index = (await session.readNamespaceArray()).indexOf(t.namespaceUri);
  const id = (path) => `ns=${index};s=plc1${path ? `/${path}` : ""}`;
  for (const part of [t.serverObject, t.attributes, t.views, t.writesAndCalls, queues, modes, lifetimes]) {
    await whatever(part.name, part(session, id));
  }
  await whatever("transfers", transfers(id, session));
  await whatever("roles", roles(id));
  const many = [];
  let full = "";
  while (!full && many.length < 10) {
    await t.newSession().then((made) => many.push(made), (error) => { full = t.refusal(error); });
  }
  check("a session too many", full, "BadTooManySessions");
  for (const one of many) await t.leave(one);
  await session.close();
  await client.disconnect();
  t.print({ done: true });
  process.exit(0); // its standard input would keep it alive
}

module.exports = { main };
