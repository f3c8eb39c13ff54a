// What OPC 10000-4 asks of a server, asked by a client that shares nothing with ours.
//
//   node opcua_conformance.js <endpoint url> <namespace uri> <password of op and watch>
//
// Prints a line {"check", "expected", "seen"} for each rule. {"commit": {...}} asks the plant for one scan with these
// values; the plant answers with a line on standard input.
"use strict";

const readline = require("readline");
const o = require("node-opcua-client");
const { ClientSessionImpl } = require("node-opcua-client/dist/private/client_session_impl");

const [url, namespaceUri, password] = process.argv.slice(2);
const A = o.AttributeIds;
const answers = readline.createInterface({ input: process.stdin });
const waiting = [];
answers.on("line", () => waiting.shift()());

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const check = (name, seen, expected) => print({ check: name, expected, seen: seen === undefined ? null : seen });
const commit = (values) => new Promise((resolve) => { waiting.push(resolve); print({ commit: values }); });
const name = (status) => status.name;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const refusal = (error) => {
  const status = error.response && error.response.responseHeader.serviceResult;
  return status ? status.name : (/Bad\w+/.exec(error.message) || [String(error.message).slice(0, 80)])[0];
};

// The service as it is, without what node-opcua makes of it; a refusal of the whole is its name.
function ask(session, request) {
  return new Promise((resolve) => {
    ClientSessionImpl.prototype.performMessageTransaction.call(session, request, (error, response) =>
      resolve(error ? refusal(error) : response));
  });
}
const whole = (answer) => (typeof answer === "string" ? answer : answer.responseHeader.serviceResult.name);
const each = (answer) => (typeof answer === "string" ? answer : answer.results.map((r) => (r.statusCode || r).name));

async function newClient(more) {
  const client = o.OPCUAClient.create({
    endpointMustExist: false, keepSessionAlive: false, requestedSessionTimeout: 30000,
    connectionStrategy: { maxRetry: 20, initialDelay: 10, maxDelay: 20 }, ...more,
  });
  client.on("backoff", () => {});
  await client.connect(url);
  return client;
}

// A session on a channel of its own.
async function newSession(identity) {
  const client = await newClient();
  try {
    return Object.assign(await client.createSession(identity), { client });
  } catch (error) {
    await client.disconnect();
    throw error;
  }
}

async function leave(session) {
  await session.close();
  await session.client.disconnect();
}

async function discovery(client) {
  const [endpoint, ...rest] = await client.getEndpoints();
  check("GetEndpoints: one endpoint, as the rig says", rest.length, 0);
  check("its policy", endpoint.securityPolicyUri, "http://opcfoundation.org/UA/SecurityPolicy#None");
  check("its URL is the one asked for", endpoint.endpointUrl, url);
  check("its transport", endpoint.transportProfileUri, "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary");
  const tokens = endpoint.userIdentityTokens.map((t) => o.UserTokenType[t.tokenType]).sort();
  check("its user tokens", tokens, ["Anonymous", "UserName"]);
  const policies = endpoint.userIdentityTokens.map((t) => t.policyId);
  check("their policy ids differ", new Set(policies).size, policies.length);
  const servers = await client.findServers();
  check("FindServers names this server alone", servers.map((s) => s.applicationUri), [endpoint.server.applicationUri]);
  const others = await client.findServers({ serverUris: ["urn:nobody"] });
  check("FindServers for another one", others.length, 0);
  return endpoint.server.applicationUri;
}

async function sessions(client, uri) {
  const [one, two] = [await client.createSession(), await newSession()];
  check("two sessions at once", one.sessionId.toString() !== two.sessionId.toString(), true);
  check("their tokens differ", one.authenticationToken.toString() !== two.authenticationToken.toString(), true);
  const read = new o.ReadRequest({ nodesToRead: [{ nodeId: "i=2259", attributeId: A.Value }] });
  check("one of two reads", each(await ask(two, read)), ["Good"]);
  await leave(two);
  check("the other one is still there", each(await ask(one, new o.ReadRequest(read))), ["Good"]);
  const arrays = await one.read(["i=2254", "i=2255"].map((nodeId) => ({ nodeId, attributeId: A.Value })));
  check("ServerArray[0] is the application URI", arrays[0].value.value[0], uri);
  check("NamespaceArray[0]", arrays[1].value.value[0], "http://opcfoundation.org/UA/");
  check("NamespaceArray[1] is the application URI (Part 3 8.2.2)", arrays[1].value.value[1], uri);
  return one;
}

async function serverObject(session) {
  const read = async (nodeId) => (await session.read({ nodeId, attributeId: A.Value })).value;
  const value = async (nodeId) => (await read(nodeId)).value;
  check("ServerState is Running", await value("i=2259"), 0);
  check("its type on the wire", o.DataType[(await read("i=2259")).dataType], "Int32");
  check("ServiceLevel", [o.DataType[(await read("i=2267")).dataType], await value("i=2267")], ["Byte", 255]);
  check("Auditing is not claimed", await value("i=2994"), false);
  check("RedundancySupport none", await value("i=3709"), 0);
  check("LocaleIdArray", o.DataType[(await read("i=2271")).dataType], "String");
  check("ServerProfileArray names profiles", (await value("i=2269")).every((u) => u.startsWith("http://opcfoundation.org/UA-Profile/")), true);
  check("MinSupportedSampleRate is a Double", o.DataType[(await read("i=2272")).dataType], "Double");
  const status = await value("i=2256");
  check("BuildInfo and its parts agree", [await value("i=2262"), await value("i=2263"), await value("i=2261"), await value("i=2264")],
    [status.buildInfo.productUri, status.buildInfo.manufacturerName, status.buildInfo.productName, status.buildInfo.softwareVersion]);
  check("BuildInfo is filled", Boolean(status.buildInfo.softwareVersion && status.buildInfo.buildNumber), true);
  const limits = { 11705: 20, 11714: 15, 11710: 10, 2735: 2, 24095: 5 };
  for (const [id, limit] of Object.entries(limits)) check(`ServerCapabilities i=${id}`, await value(`i=${id}`), limit);
  const diagnostics = await value("i=3707");
  const mine = diagnostics.find((d) => d.sessionId.toString() === session.sessionId.toString());
  check("SessionDiagnostics knows this session", Boolean(mine), true);
  check("since when it is connected", mine.clientConnectionTime instanceof Date && mine.clientConnectionTime.getFullYear() > 2000, true);
  check("when it was heard last", mine.clientLastContactTime instanceof Date && mine.clientLastContactTime >= mine.clientConnectionTime, true);
}

async function attributes(session, id) {
  const all = Array.from({ length: 27 }, (_, i) => i + 1);
  const has = async (nodeId) => {
    const some = (from, to) => session.read(all.slice(from, to).map((attributeId) => ({ nodeId, attributeId })));
    const read = [...await some(0, 14), ...await some(14)];
    const good = all.filter((_, i) => read[i].statusCode.name === "Good");
    const odd = read.filter((r) => !["Good", "BadAttributeIdInvalid"].includes(r.statusCode.name)).map((r) => r.statusCode.name);
    const sources = read.filter((r, i) => all[i] !== A.Value && r.sourceTimestamp).length;
    return { good, odd, sources };
  };
  const mandatory = {
    variable: [A.NodeId, A.NodeClass, A.BrowseName, A.DisplayName, A.Value, A.DataType, A.ValueRank, A.AccessLevel,
      A.UserAccessLevel, A.Historizing],
    object: [A.NodeId, A.NodeClass, A.BrowseName, A.DisplayName, A.EventNotifier],
    method: [A.NodeId, A.NodeClass, A.BrowseName, A.DisplayName, A.Executable, A.UserExecutable],
  };
  for (const [kind, path] of [["variable", "Pump1/Flow"], ["variable", "Pump1/Vibration"], ["object", "Pump1"], ["method", "Motor1/Start"]]) {
    const { good, odd, sources } = await has(id(path));
    check(`${path}: every mandatory attribute of a ${kind}`, mandatory[kind].filter((a) => !good.includes(a)), []);
    check(`${path}: the others are Bad_AttributeIdInvalid`, odd, []);
    check(`${path}: only values have a source time`, sources, 0);
  }
  const read = async (nodeId, attributeId) => (await session.read({ nodeId, attributeId })).value.value;
  check("NodeClass", [await read(id("Pump1/Flow"), A.NodeClass), await read(id("Pump1"), A.NodeClass), await read(id("Motor1/Start"), A.NodeClass)], [2, 1, 4]);
  check("DataType is Double", (await read(id("Pump1/Flow"), A.DataType)).toString(), "ns=0;i=11");
  check("a waveform has rank 1", await read(id("Pump1/Vibration"), A.ValueRank), 1);
  check("MinimumSamplingInterval is no less than a scan", await read(id("Pump1/Flow"), A.MinimumSamplingInterval), 100);
  const wrong = await session.read([
    { nodeId: "ns=2;s=nowhere", attributeId: A.Value },
    { nodeId: id("Pump1"), attributeId: A.Value },
    { nodeId: id("Pump1/Flow"), attributeId: A.Value, dataEncoding: { namespaceIndex: 0, name: "Default Binary" } },
    { nodeId: "i=2256", attributeId: A.Value, dataEncoding: { namespaceIndex: 0, name: "Default Nonsense" } },
  ]);
  check("reads refused one by one", wrong.map((r) => r.statusCode.name), ["BadNodeIdUnknown", "BadAttributeIdInvalid", "BadDataEncodingInvalid", "BadDataEncodingUnsupported"]);
  const one = { nodeId: id("Pump1/Flow"), attributeId: A.Value };
  check("a negative MaxAge", whole(await ask(session, new o.ReadRequest({ maxAge: -1, nodesToRead: [one] }))), "BadMaxAgeInvalid");
  check("a Read of nothing", whole(await ask(session, new o.ReadRequest({ nodesToRead: [] }))), "BadNothingToDo");
  check("a Read of too much", whole(await ask(session, new o.ReadRequest({ nodesToRead: Array(21).fill(one) }))), "BadTooManyOperations");
  for (const [mode, seen] of [["Source", [true, false]], ["Server", [false, true]], ["Both", [true, true]], ["Neither", [false, false]]]) {
    const { results } = await ask(session, new o.ReadRequest({ timestampsToReturn: o.TimestampsToReturn[mode], nodesToRead: [one] }));
    check(`times asked for: ${mode}`, [Boolean(results[0].sourceTimestamp), Boolean(results[0].serverTimestamp)], seen);
  }
  const vibration = (indexRange) => session.read({ nodeId: id("Pump1/Vibration"), attributeId: A.Value, indexRange });
  const part = await vibration("1:3");
  check("IndexRange 1:3", Array.from(part.value.value), [1, 2, 3]);
  check("IndexRange of one element is an array (7.27)", Array.from((await vibration("2")).value.value), [2]);
  check("IndexRange beyond the end is cut", (await vibration("8:99")).value.value.length, 2);
  check("IndexRange behind the end", name((await vibration("50:60")).statusCode), "BadIndexRangeNoData");
  check("IndexRange of two dimensions", name((await vibration("0:1,0:1")).statusCode), "BadIndexRangeNoData");
  const text = await session.read({ nodeId: id("Pump1"), attributeId: A.BrowseName, indexRange: "0" });
  check("IndexRange of no array", name(text.statusCode), "BadIndexRangeNoData");
}

async function views(session, id) {
  const browse = (more, limit = 0) => ask(session, new o.BrowseRequest({
    requestedMaxReferencesPerNode: limit, nodesToBrowse: [{ nodeId: id(""), referenceTypeId: "i=33", includeSubtypes: true, resultMask: 63, ...more }],
  }));
  let answer = (await browse({}, 1)).results[0];
  const names = answer.references.map((r) => r.browseName.name);
  while (answer.continuationPoint && answer.continuationPoint.length) {
    answer = (await ask(session, new o.BrowseNextRequest({ continuationPoints: [answer.continuationPoint] }))).results[0];
    names.push(...answer.references.map((r) => r.browseName.name));
  }
  check("Browse one by one", names.sort(), ["Motor1", "Pid1", "Pump1"]);
  const point = (await browse({}, 1)).results[0].continuationPoint;
  const release = await ask(session, new o.BrowseNextRequest({ releaseContinuationPoints: true, continuationPoints: [point] }));
  check("a continuation point let go", [name(release.results[0].statusCode), (release.results[0].references || []).length], ["Good", 0]);
  const gone = await ask(session, new o.BrowseNextRequest({ continuationPoints: [point] }));
  check("and gone", each(gone), ["BadContinuationPointInvalid"]);
  const held = [];
  for (let i = 0; i < 3; i++) held.push((await browse({}, 1)).results[0]);
  check("more continuation points than there are", held.map((r) => name(r.statusCode)), ["Good", "Good", "BadNoContinuationPoints"]);
  await ask(session, new o.BrowseNextRequest({ releaseContinuationPoints: true, continuationPoints: held.slice(0, 2).map((r) => r.continuationPoint) }));
  check("Browse of an unknown node", each(await browse({ nodeId: "ns=2;s=nowhere" })), ["BadNodeIdUnknown"]);
  check("Browse by no reference type", each(await browse({ referenceTypeId: "i=58" })), ["BadReferenceTypeIdInvalid"]);
  const inverse = (await browse({ browseDirection: 1 })).results[0].references;
  check("Browse backward", inverse.map((r) => [r.browseName.name, r.isForward]), [["Objects", false]]);
  const objects = (await browse({ nodeId: id("Pump1"), nodeClassMask: 1 })).results[0].references || [];
  check("Browse by node class", objects.length, 0);
  const bare = (await browse({ resultMask: 0 })).results[0].references[0];
  check("Browse with nothing asked of each", [bare.browseName.name, bare.displayName.text, bare.nodeClass], [null, null, 0]);

  const path = (...elements) => ({ startingNode: "i=85", relativePath: { elements: elements.map((targetName) => ({ referenceTypeId: "i=33", includeSubtypes: true, targetName })) } });
  const index = id("").match(/ns=(\d+)/)[1];
  const at = (text) => ({ namespaceIndex: Number(index), name: text });
  const paths = await ask(session, new o.TranslateBrowsePathsToNodeIdsRequest({
    browsePaths: [path(at("plc1"), at("Pump1"), at("Flow")), path(at("plc1"), at("pump1")), path(at("plc1"), {}), path({}, at("Pump1")), path(),
      { ...path(at("plc1")), startingNode: "ns=2;s=nowhere" }],
  }));
  check("TranslateBrowsePaths", each(paths), ["Good", "BadNoMatch", "BadBrowseNameInvalid", "BadBrowseNameInvalid", "BadNothingToDo", "BadNodeIdUnknown"]);
  check("to the node", paths.results[0].targets[0].targetId.toString(), id("Pump1/Flow"));
  check("with nothing left of the path", paths.results[0].targets[0].remainingPathIndex, 0xffffffff);
  const registered = await session.registerNodes([id("Pump1/Flow")]);
  check("a registered node reads", name((await session.read({ nodeId: registered[0], attributeId: A.Value })).statusCode), "Good");
  await session.unregisterNodes(registered);
  check("an unregistered one does not", name((await session.read({ nodeId: registered[0], attributeId: A.Value })).statusCode), "BadNodeIdUnknown");
  const many = Array(11).fill({ nodeId: id("") });
  check("a Browse of too much", whole(await ask(session, new o.BrowseRequest({ nodesToBrowse: many }))), "BadTooManyOperations");
}

async function writesAndCalls(session, id) {
  const write = async (path, dataType, value, more = {}, dataValue = {}) => each(await ask(session, new o.WriteRequest({
    nodesToWrite: [{ nodeId: id(path), attributeId: A.Value, value: { value: { dataType, value, ...more.variant }, ...dataValue }, ...more }],
  })))[0];
  const D = o.DataType;
  check("Write", await write("Pid1/Setpoint", D.Double, 20), "Good");
  check("Write of another type", await write("Pid1/Setpoint", D.Int32, 20), "BadTypeMismatch");
  check("Write of an array", await write("Pid1/Setpoint", D.Double, [1, 2], { variant: { arrayType: o.VariantArrayType.Array } }), "BadTypeMismatch");
  check("Write beyond the range", await write("Pid1/Setpoint", D.Double, 5000), "BadOutOfRange");
  check("Write of NaN", await write("Pid1/Setpoint", D.Double, NaN), "BadOutOfRange");
  check("Write to what is read only", await write("Pump1/Flow", D.Double, 1), "BadNotWritable");
  check("Write to a part of a scalar", await write("Pid1/Setpoint", D.Double, 1, { indexRange: "0:1" }), "BadWriteNotSupported");
  check("Write to no part", await write("Pid1/Setpoint", D.Double, 1, { indexRange: "2:1" }), "BadIndexRangeInvalid");
  check("Write of a status", await write("Pid1/Setpoint", D.Double, 1, {}, { statusCode: o.StatusCodes.BadSensorFailure }), "BadWriteNotSupported");
  check("Write of a name", await write("Pid1/Setpoint", D.LocalizedText, { text: "x" }, { attributeId: A.DisplayName }), "BadNotWritable");
  check("Write to no node", await write("Nowhere", D.Double, 1), "BadNodeIdUnknown");
  check("Write of an attribute it has not", await write("Pump1", D.Double, 1), "BadAttributeIdInvalid");

  const call = async (objectId, methodId, ...inputArguments) => {
    const answer = await ask(session, new o.CallRequest({ methodsToCall: [{ objectId, methodId, inputArguments }] }));
    return typeof answer === "string" ? answer : answer.results[0];
  };
  const status = async (...given) => name((await call(...given)).statusCode);
  check("Call", await status(id("Motor1"), id("Motor1/Start")), "Good");
  check("Call with too much", await status(id("Motor1"), id("Motor1/Start"), { dataType: D.Double, value: 1 }), "BadTooManyArguments");
  check("Call with too little", await status("i=2253", "i=11492"), "BadArgumentsMissing");
  const wrong = await call("i=2253", "i=11492", { dataType: D.String, value: "x" });
  check("Call with a wrong type", [name(wrong.statusCode), wrong.inputArgumentResults.map(name)], ["BadInvalidArgument", ["BadTypeMismatch"]]);
  check("Call of another object's method", await status(id("Pump1"), id("Motor1/Start")), "BadMethodInvalid");
  check("Call of a variable", await status(id("Pump1"), id("Pump1/Flow")), "BadMethodInvalid");
  check("Call on no object", await status("ns=2;s=nowhere", id("Motor1/Start")), "BadNodeIdUnknown");
  check("Call of nothing", whole(await ask(session, new o.CallRequest({ methodsToCall: [] }))), "BadNothingToDo");
  check("GetMonitoredItems of nobody's subscription", await status("i=2253", "i=11492", { dataType: D.UInt32, value: 4711 }), "BadSubscriptionIdInvalid");
}

module.exports = {
  A, ask, attributes, check, commit, discovery, each, name, newClient, newSession, leave, o, password, pause, print, refusal, serverObject, sessions, url,
  namespaceUri, views, whole, writesAndCalls,
};
if (require.main === module) {
  require("./opcua_conformance_watch").main().catch((error) => {
    print({ failed: String(error && error.stack ? error.stack : error) });
    process.exit(1);
  });
}
