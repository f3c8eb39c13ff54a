// Talks to a secured server as a stranger: encrypted, as a named user and as the holder of a certificate.
// usage: node opcua_secure.js URL PKI_FOLDER CLIENT_CERT CLIENT_KEY USER PASSWORD USER_CERT USER_KEY
"use strict";
const fs = require("fs");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const {
  AttributeIds, MessageSecurityMode, OPCUAClient, SecurityPolicy, UserTokenType,
} = require("node-opcua-client");

const [url, folder, certificateFile, privateKeyFile, userName, password, userCertificate, userKey] = process.argv.slice(2);
const say = (step, more) => console.log(JSON.stringify({ step, ...more }));

async function visit(step, policy, identity) {
  const clientCertificateManager = new OPCUACertificateManager({
    rootFolder: folder, automaticallyAcceptUnknownCertificate: true,
  });
  await clientCertificateManager.initialize();
  const client = OPCUAClient.create({
    applicationName: "stranger", applicationUri: "urn:plantbench:test:client", certificateFile, privateKeyFile,
    clientCertificateManager, securityMode: MessageSecurityMode.SignAndEncrypt, securityPolicy: policy,
    endpointMustExist: true, connectionStrategy: { maxRetry: 0 }, requestedSessionTimeout: 20000,
  });
  await client.connect(url);
  try {
    const session = await client.createSession(identity);
    const flow = await session.read({ nodeId: "ns=2;s=plc1/Pump1/Flow", attributeId: AttributeIds.Value });
    const wave = await session.read({ nodeId: "ns=2;s=plc1/Pump1/Vibration", attributeId: AttributeIds.Value });
    const written = await session.write({
      nodeId: "ns=2;s=plc1/Pid1/Setpoint", attributeId: AttributeIds.Value,
      value: { value: { dataType: "Double", value: 42.5 } },
    });
    say(step, { flow: flow.value.value, samples: wave.value.value.length, written: written.name });
    await session.close();
  } finally {
    await client.disconnect();
  }
}

(async () => {
  const named = { type: UserTokenType.UserName, userName, password };
  await visit("Basic256Sha256", SecurityPolicy.Basic256Sha256, named);
  await visit("Aes128_Sha256_RsaOaep", SecurityPolicy.Aes128_Sha256_RsaOaep, named);
  await visit("Aes256_Sha256_RsaPss", SecurityPolicy.Aes256_Sha256_RsaPss, named);
  await visit("certificate", SecurityPolicy.Basic256Sha256, {
    type: UserTokenType.Certificate,
    certificateData: require("node-opcua-crypto").readCertificate(userCertificate),
    privateKey: fs.readFileSync(userKey, "utf8"),
  });
  await visit("anonymous", SecurityPolicy.Basic256Sha256, { type: UserTokenType.Anonymous });
  try {
    await visit("guessed", SecurityPolicy.Basic256Sha256, { ...named, password: "guess" });
  } catch (error) {
    say("refused", { why: /BadUserAccessDenied/.test(error.message) });
  }
  say("done", {});
})().catch((error) => { say("failed", { error: String(error.stack || error) }); process.exit(1); });
