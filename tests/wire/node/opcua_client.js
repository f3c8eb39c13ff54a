// A foreign OPC UA client: walks a device's address space as a stranger would and reports each step as a JSON line.
//
//   node opcua_client.js <endpoint url> <namespace uri>
//
// After the line {"step": "subscribed"} it expects three commits from the plant, and ends when it has heard of them.
"use strict";

const opcua = require("node-opcua-client");

const [url, namespaceUri] = process.argv.slice(2);

function report(step, content) {
  const plain = (key, value) => (typeof value === "bigint" ? Number(value) : value);
  process.stdout.write(`${JSON.stringify({ step, ...content }, plain)}\n`);
}

// node-opcua gives a UInt64 as [high, low].
function integer(value) {
  return Array.isArray(value) && value.length === 2 ? value[0] * 2 ** 32 + value[1] : value;
}

function describe(dataValue) {
  const variant = dataValue.value;
  const array = variant.arrayType === opcua.VariantArrayType.Array;
  const items = array ? Array.from(variant.value) : null;
  return {
    status: dataValue.statusCode.value,
    type: opcua.DataType[variant.dataType],
    value: array ? { length: items.length, first: items[0], last: items[items.length - 1] } : integer(variant.value),
    source_ms: dataValue.sourceTimestamp ? dataValue.sourceTimestamp.getTime() : null,
    server_ms: dataValue.serverTimestamp ? dataValue.serverTimestamp.getTime() : null,
  };
}

async function walk(session, nodeId, prefix, found) {
  const result = await session.browse({
    nodeId,
    browseDirection: opcua.BrowseDirection.Forward,
    referenceTypeId: "HierarchicalReferences",
    includeSubtypes: true,
    resultMask: 63,
  });
  for (const reference of result.references) {
    const path = prefix ? `${prefix}/${reference.browseName.name}` : reference.browseName.name;
    found[path] = { id: reference.nodeId.toString(), kind: opcua.NodeClass[reference.nodeClass] };
    await walk(session, reference.nodeId, path, found);
  }
}

async function main() {
  const client = opcua.OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0, initialDelay: 10, maxDelay: 10 },
  });
  await client.connect(url);
  const endpoints = await client.getEndpoints();
  report("endpoints", { urls: endpoints.map((e) => e.endpointUrl), modes: endpoints.map((e) => e.securityMode) });
  const session = await client.createSession();
  const index = (await session.readNamespaceArray()).indexOf(namespaceUri);
  report("namespace", { index });

  const found = {};
  const top = await session.translateBrowsePath(opcua.makeBrowsePath("RootFolder", `/0:Objects/${index}:plc1`));
  await walk(session, top.targets[0].targetId, "", found);
  report("browsed", { nodes: found });

  const value = (path) => ({ nodeId: found[path].id, attributeId: opcua.AttributeIds.Value });
  const scalars = ["Pump1/Flow", "Pump1/Count", "Pump1/Running"];
  const read = await session.read(scalars.map(value));
  report("scalars", Object.fromEntries(read.map((dataValue, i) => [scalars[i], describe(dataValue)])));

  const waveform = ["Pump1/Vibration", "Pump1/Vibration/SampleCounter", "Pump1/Vibration/SampleRate"];
  const block = await session.read(waveform.map(value));
  report("waveform", Object.fromEntries(block.map((dataValue, i) => [waveform[i], describe(dataValue)])));

  const [range, unit] = await session.read([value("Pump1/Flow/EURange"), value("Pump1/Flow/EngineeringUnits")]);
  report("unit", {
    low: range.value.value.low,
    high: range.value.value.high,
    id: unit.value.value.unitId,
    symbol: unit.value.value.displayName.text,
  });

  const write = (path, dataType, number) =>
    session.write({ ...value(path), value: { value: { dataType, value: number } } });
  const written = await write("Pid1/Setpoint", opcua.DataType.Double, 50.5);
  const beyond = await write("Pid1/Setpoint", opcua.DataType.Double, 500);
  const wrongType = await write("Pid1/Setpoint", opcua.DataType.Int32, 50);
  const readOnly = await write("Pump1/Flow", opcua.DataType.Double, 1);
  report("written", {
    good: written.name, beyond: beyond.name, wrong_type: wrongType.name, read_only: readOnly.name,
  });

  const call = (methodId) => session.call({ objectId: found["Motor1"].id, methodId, inputArguments: [] });
  const started = await call(found["Motor1/Start"].id);
  const stopped = await call(found["Motor1/Stop"].id);
  report("called", { start: started.statusCode.name, stop: stopped.statusCode.name });

  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 50,
    requestedLifetimeCount: 1000,
    requestedMaxKeepAliveCount: 20,
    maxNotificationsPerPublish: 100,
    publishingEnabled: true,
    priority: 1,
  });
  const item = await subscription.monitor(
    value("Pump1/Flow"),
    { samplingInterval: 0, queueSize: 10, discardOldest: true },
    opcua.TimestampsToReturn.Both
  );
  const heard = [];
  await new Promise((resolve) => {
    item.on("changed", (dataValue) => {
      heard.push(describe(dataValue));
      if (heard.length === 1) report("subscribed", {});
      if (heard.length === 4) resolve();
    });
  });
  report("heard", { values: heard });
  await subscription.terminate();
  await session.close();
  await client.disconnect();
  report("done", {});
}

main().catch((error) => {
  report("failed", { error: String(error && error.stack ? error.stack : error) });
  process.exit(1);  // its open channel would keep it alive
});
