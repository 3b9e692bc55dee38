// A Web Push service and its browser made of the packages that others use: http_ece decrypts, jose verifies the VAPID token.
//   node web_push_packages.mjs PACKAGES SUBSCRIPTION
// As tests/receivers/web_push.mjs: writes a PushSubscription into the file SUBSCRIPTION once it listens, and prints for each message
// {"ttl", "urgency", "topic", "subject", "payload"}, for one that it refuses {"refused": "why"}. Runs until it is killed.
import { createECDH, randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, subscription] = process.argv.slice(2);
const packaged = createRequire(`${packages}/`);
const ece = packaged("http_ece");
const jose = await import(pathToFileURL(packaged.resolve("jose")));

const browser = createECDH("prime256v1");
browser.generateKeys();
const auth = randomBytes(16).toString("base64url");

async function verifyVapid(authorization, audience) {
  const parts = /^vapid t=([^ ,]+), ?k=([\w-]+)$/.exec(authorization ?? "");
  if (!parts) throw new Error("no VAPID authorization");
  const point = Buffer.from(parts[2], "base64url");
  const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  const { payload } = await jose.jwtVerify(parts[1], await jose.importJWK(jwk, "ES256"), { audience, algorithms: ["ES256"], requiredClaims: ["exp"] });
  if (payload.exp > Date.now() / 1000 + 24 * 3600) throw new Error("exp is more than a day away");
  return payload;
}

async function read(request, origin) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const { headers } = request;
  if (headers["content-encoding"] !== "aes128gcm") throw new Error(`Content-Encoding is ${headers["content-encoding"]}`);
  const { sub } = await verifyVapid(headers.authorization, origin);
  const plain = ece.decrypt(Buffer.concat(parts), { version: "aes128gcm", privateKey: browser, authSecret: auth });
  return { ttl: Number(headers.ttl), urgency: headers.urgency, topic: headers.topic, subject: sub, payload: JSON.parse(plain) };
}

const server = createServer(async (request, response) => {
  const line = await read(request, origin).catch((error) => ({ refused: error.message }));
  console.log(JSON.stringify(line));
  response.writeHead(line.refused ? 400 : 201).end();
});
let origin;
server.listen(0, "127.0.0.1", () => {
  origin = `http://127.0.0.1:${server.address().port}`;
  const keys = { p256dh: browser.getPublicKey("base64url"), auth };
  // In one step: who waits for the file finds all of it.
  writeFileSync(`${subscription}.new`, JSON.stringify({ endpoint: `${origin}/push`, expirationTime: null, keys }));
  renameSync(`${subscription}.new`, subscription);
});
