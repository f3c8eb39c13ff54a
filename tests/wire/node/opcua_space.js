// A foreign OPC UA client asks for what stands beside the values: browse in parts, history, methods, structures.
//
//   node opcua_space.js <endpoint url> <namespace uri> <first commit, ms since 1970> <last commit>
"use strict";

const opcua = require("node-opcua-client");

const [url, namespaceUri, first, last] = process.argv.slice(2);

function report(step, content) {
  const plain = (key, value) => (typeof value === "bigint" ? Number(value) : value);
  process.stdout.write(`${JSON.stringify({ step, ...content }, plain)}\n`);
}

const plainValue = (dataValue) => ({
  value: dataValue.value ? dataValue.value.value : null,
  status: dataValue.statusCode.value,
  ms: dataValue.sourceTimestamp ? dataValue.sourceTimestamp.getTime() : null,
});

async function main() {
  const client = opcua.OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0, initialDelay: 10, maxDelay: 10 },
  });
  await client.connect(url);
  const session = await client.createSession();
  const index = (await session.readNamespaceArray()).indexOf(namespaceUri);
  const id = (path) => `ns=${index};s=plc1/${path}`;

  const parts = [];
  session.requestedMaxReferencesPerNode = 2;
  let part = await session.browse({ nodeId: id("Pump1/Vibration"), referenceTypeId: "Aggregates", includeSubtypes: true,
    browseDirection: opcua.BrowseDirection.Forward, resultMask: 63 });
  parts.push(part.references.map((r) => r.browseName.name));
  while (part.continuationPoint && part.continuationPoint.length) {
    part = await session.browseNext(part.continuationPoint, false);
    parts.push(part.references.map((r) => r.browseName.name));
  }
  report("browsed", { parts });

  const [registered] = await session.registerNodes([id("Pump1/Flow")]);
  const short = await session.read({ nodeId: registered, attributeId: opcua.AttributeIds.Value });
  report("registered", { id: registered.toString(), ...plainValue(short) });

  const raw = await session.readHistoryValue(id("Pump1/Flow"), new Date(Number(first)), new Date(Number(last) + 1));
  report("raw", { status: raw.statusCode.value, values: raw.historyData.dataValues.map(plainValue) });
  const average = await session.readAggregateValue(
    { nodeId: id("Pump1/Flow") }, new Date(Number(first)), new Date(Number(first) + 1000),
    opcua.AggregateFunction.Average, 500
  );
  report("average", { status: average.statusCode.value, values: average.historyData.dataValues.map(plainValue) });

  const block = await session.read({ nodeId: id("Pump1/Vibration/Block"), attributeId: opcua.AttributeIds.Value });
  const decoded = await decode(session, block);
  report("block", decoded);

  const called = await session.call({
    objectId: id("Pump1"),
    methodId: id("Pump1/ReadVibrationBlock"),
    inputArguments: [
      { dataType: opcua.DataType.UInt64, arrayType: opcua.VariantArrayType.Scalar, value: [0, 102] },
      { dataType: opcua.DataType.UInt32, value: 3 },
    ],
  });
  report("called", { status: called.statusCode.value, samples: Array.from(called.outputArguments[0].value) });
  const wrong = await session.call({
    objectId: id("Pump1"),
    methodId: id("Pump1/ReadVibrationBlock"),
    inputArguments: [
      { dataType: opcua.DataType.Double, value: 1 },
      { dataType: opcua.DataType.UInt32, value: 3 },
    ],
  });
  report("refused", { status: wrong.statusCode.name, each: wrong.inputArgumentResults.map((s) => s.name) });
  await session.close();
  await client.disconnect();
  report("done", {});
}

async function decode(session, dataValue) {
  const structure = dataValue.value.value;
  if (structure && structure.constructor.name === "OpaqueStructure") {
    const { ExtraDataTypeManager, populateDataTypeManager, resolveDynamicExtensionObject } =
      require("node-opcua-client-dynamic-extension-object");
    const manager = new ExtraDataTypeManager();
    await populateDataTypeManager(session, manager, 1);
    await resolveDynamicExtensionObject(session, dataValue.value, manager);
  }
  const found = dataValue.value.value;
  const n0 = Array.isArray(found.n0) ? found.n0[0] * 2 ** 32 + found.n0[1] : Number(found.n0);
  return { name: found.schema.name, n0, rate: found.rate, t0: found.t0.getTime(), samples: Array.from(found.samples) };
}

main().catch((error) => {
  report("failed", { error: String(error && error.stack ? error.stack : error) });
  process.exit(1); // its open channel would keep it alive
});
