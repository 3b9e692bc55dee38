// A Web Push service and the browser behind it, in one: takes messages as RFC 8030 says, checks who sent them
// (VAPID, RFC 8292) and decrypts them (RFC 8291, RFC 8188). Node's own cryptography; nothing of Parley's.
//
//   node web_push.mjs SUBSCRIPTION [--port N]
//
// Writes its PushSubscription into the file SUBSCRIPTION once it listens (on loopback), then prints a JSON line
// for each message: {"ttl":…,"urgency":…,"topic":…,"subject":…,"payload":…}; for one that it refuses, which the
// sender sees as 400 or 403, 410 at the path /gone and 404 at others: {"refused":"why"}. Runs until it is killed.
import {createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify} from 'node:crypto';
import {createServer} from 'node:http';
import {renameSync, writeFileSync} from 'node:fs';

const kBodyBytesMax = 4096;
const kDaySeconds = 24 * 3600;

export class Refusal extends Error {
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}

function require(holds, status, why) {
  if (!holds) throw new Refusal(status, why);
}

// One record of aes128gcm, which is all that Web Push allows.
export function decrypt(body, browser) {
  require(body.length >= 21 + 65 + 18, 400, 'the body is too short');
  const salt = body.subarray(0, 16);
  const recordBytes = body.readUInt32BE(16);
  require(body[20] === 65, 400, 'the key id is no P-256 point');
  const senderKey = body.subarray(21, 86);
  const record = body.subarray(86);
  require(record.length <= recordBytes, 400, 'more than one record');
  const shared = browser.ecdh.computeSecret(senderKey);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.ecdh.getPublicKey(), senderKey]);
  const key = Buffer.from(hkdfSync('sha256', shared, browser.auth, info, 32));
  const derive = (name, bytes) => Buffer.from(hkdfSync('sha256', key, salt, `Content-Encoding: ${name}\0`, bytes));
  const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) --end;
  require(end >= 0 && padded[end] === 2, 400, 'the padding is not that of a last record');
  return padded.subarray(0, end);
}

// The claims of a token that this key has signed for this origin.
export function checkVapid(authorization, origin, nowSeconds) {
  const match = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)$/.exec(authorization ?? '');
  require(match, 403, 'no VAPID authorization');
  const [, header, claims, signature, key] = match;
  const point = Buffer.from(key, 'base64url');
  require(point.length === 65 && point[0] === 4, 403, 'k is no uncompressed P-256 point');
  const coordinate = (from) => point.subarray(from, from + 32).toString('base64url');
  const publicKey = createPublicKey({format: 'jwk', key: {kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33)}});
  const signed = verify('sha256', Buffer.from(`${header}.${claims}`), {key: publicKey, dsaEncoding: 'ieee-p1363'},
                        Buffer.from(signature, 'base64url'));
  require(signed, 403, 'the signature is wrong');
  require(JSON.parse(Buffer.from(header, 'base64url')).alg === 'ES256', 403, 'alg is not ES256');
  const said = JSON.parse(Buffer.from(claims, 'base64url'));
  require(said.aud === origin, 403, `aud is ${said.aud}, not ${origin}`);
  require(said.exp > nowSeconds && said.exp <= nowSeconds + kDaySeconds, 403, 'exp is past or more than a day away');
  return said;
}

async function take(request, origin, browser) {
  require(request.url !== '/gone', 410, 'the subscription is gone');
  require(request.method === 'POST' && request.url === '/push', 404, 'no such subscription');
  const body = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    require(bytes <= kBodyBytesMax, 413, 'more than 4096 bytes');
    body.push(part);
  }
  const headers = request.headers;
  require(headers['content-encoding'] === 'aes128gcm', 400, 'not aes128gcm');
  require(/^\d+$/.test(headers.ttl ?? ''), 400, 'no TTL');
  require(/^[\w-]{0,32}$/.test(headers.topic ?? ''), 400, 'a topic is 32 characters of base64url');
  const claims = checkVapid(headers.authorization, origin, Date.now() / 1000);
  const payload = JSON.parse(decrypt(Buffer.concat(body), browser));
  return {ttl: Number(headers.ttl), urgency: headers.urgency ?? '', topic: headers.topic ?? '',
          subject: claims.sub ?? '', payload};
}

function serve(path, port) {
  const browser = {ecdh: createECDH('prime256v1'), auth: randomBytes(16)};
  browser.ecdh.generateKeys();
  let origin;
  let count = 0;
  const server = createServer(async (request, response) => {
    try {
      const message = await take(request, origin, browser);
      console.log(JSON.stringify(message));
      response.writeHead(201, {Location: `${origin}/message/${++count}`}).end();
    } catch (error) {
      console.log(JSON.stringify({refused: error.message}));
      response.writeHead(error.status ?? 400).end(error.message);
    }
  });
  server.listen(port, '127.0.0.1', () => {
    origin = `http://127.0.0.1:${server.address().port}`;
    const keys = {p256dh: browser.ecdh.getPublicKey('base64url'), auth: browser.auth.toString('base64url')};
    // In one step: who waits for the file finds all of it.
    writeFileSync(`${path}.new`, JSON.stringify({endpoint: `${origin}/push`, expirationTime: null, keys}));
    renameSync(`${path}.new`, path);
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [path, option, port] = process.argv.slice(2);
  if (!path || (option && option !== '--port')) {
    console.error('node web_push.mjs SUBSCRIPTION [--port N]');
    process.exit(64);
  }
  serve(path, Number(port ?? 0));
}
