// A chat client on MQTT.js that lives through the examples of the protocol, and prints what arrived as one JSON object.
//   node mqttjs_client.mjs PACKAGES '{"url":…,"version":4|5,"user":…,"password":…,"client":…,"room":…,"vault":…}'
// The rest is decided by the Python test that starts it.
import { createRequire } from "node:module";

const [packages, argument] = process.argv.slice(2);
const mqtt = createRequire(`${packages}/`)("mqtt");
const world = JSON.parse(argument);
const own = `chat/v1/clients/${world.client}`;
const deadlineMs = 20_000;

const options = {
  protocolVersion: world.version, clientId: world.client, username: world.user, password: world.password,
  reconnectPeriod: 0, connectTimeout: deadlineMs,
};
const client = await mqtt.connectAsync(world.url, options);

// What arrived, and who waits for something.
const messages = [];
const waiters = new Set();
client.on("message", (topic, payload, packet) => {
  messages.push({ topic, body: topic.endsWith("/pb") ? null : JSON.parse(payload.toString()), properties: packet.properties ?? {} });
  for (const look of waiters) look();
});

function arrived(what, matches) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = messages.find(matches);
      if (found === undefined) return;
      waiters.delete(look);
      clearTimeout(timer);
      resolve(found);
    };
    const timer = setTimeout(() => reject(new Error(`no ${what}; arrived: ${JSON.stringify(messages)}`)), deadlineMs);
    waiters.add(look);
    look();
  });
}

const ack = (id) => arrived(`ack of ${id}`, ({ topic, body }) => topic === `${own}/acks/json` && body.id === id);
const event = (what, matches) =>
  arrived(what, ({ topic, body }) => topic === `chat/v1/rooms/${world.room}/events/json` && matches(body));
const send = (topic, body) =>
  client.publishAsync(topic, typeof body === "string" ? body : JSON.stringify(body), { qos: 1 });

async function request(method, requestId, body) {
  await send(`chat/v1/requests/${method}/json`, { requestId, ...body });
  const reply = await arrived(`reply to ${method}`,
    ({ topic, body }) => topic === `${own}/replies/json` && body.requestId === requestId);
  return reply.body;
}

const result = {};
await client.subscribeAsync([`${own}/acks/json`, `${own}/replies/json`, `chat/v1/rooms/${world.room}/events/json`], { qos: 1 });

await send(`chat/v1/rooms/${world.room}/send/json`, { id: "01J9Z", text: { text: "hello" }, mentions: ["bob"] });
result.jsonAck = (await ack("01J9Z")).body;
result.jsonEvent = (await event("event", ({ id }) => id === "01J9Z")).body;

await send(`chat/v1/rooms/${world.room}/send/text/01J9T`, "hello as text");
result.textAck = (await ack("01J9T")).body;
result.textEvent = (await event("event", ({ id }) => id === "01J9T")).body;

// On MQTT 5 the PUBACK of a refusal says so, too, and MQTT.js makes an error of that.
await send(`chat/v1/rooms/${world.vault}/send/json`, { id: "01JA0", text: { text: "hello" } })
  .catch((error) => { result.refusedPuback = error.code; });
result.refusedAck = (await ack("01JA0")).body;
result.refusedSubscription = await client.subscribeAsync(`chat/v1/rooms/${world.vault}/events/json`, { qos: 1 })
  .then((granted) => granted[0].qos >= 0x80, (error) => /Subscribe error|Not authorized/i.test(error.message) || error.message);

console.log(JSON.stringify({ ready: true }));  // the test now adds a member
result.memberEvent = (await event("membership", ({ membership }) => membership !== undefined && membership.changes[0].user === world.added)).body;

result.history = await request("history.page", "r1", { before: "3", limit: 50 , room: world.room });
result.sync = await request("sync", "r2", { cursor: "0", eventsPerRoom: 100 });
result.rooms = await request("rooms.list", "r3", {});

if (world.version === 5) {
  const responseTopic = `${own}/replies-of-mine`;
  await client.subscribeAsync(responseTopic, { qos: 1 });
  await client.publishAsync("chat/v1/requests/rooms.list/json", JSON.stringify({ requestId: "r4" }),
    { qos: 1, properties: { responseTopic, correlationData: Buffer.from("tag") } });
  const { body, properties } = await arrived("reply on the response topic", ({ topic }) => topic === responseTopic);
  result.response = { body, correlationData: String(properties.correlationData) };
}

await client.endAsync();
console.log(JSON.stringify(result));
