// Takes whatever FCM, APNs or a Web Push service would take, as fast as Node can: for benchmarks. (HTTP/2 over TLS, loopback.)
//
//   sink.mjs CERTIFICATE KEY     (PEM files)
//
// Prints {"port": N, "keys": {"p256dh", "auth"}}: the keys of every Web Push subscription here, whose endpoint is any path that
// begins with /push. Checks nothing; http2.mjs and web_push.mjs do. Each line of standard input is a question:
//   {"hang": [service, …]}   from now on requests of these are taken and never answered; answer: {"hang": […]}
//   {"begin": true}          forgets what came; answer: {"begin": true}
//   {"count": service}       {"count", "hung"} of "fcm", "apns" or "web_push" since begin: answered, and not answered
//   {"report": service}      the same, and {"seconds"} from the first to the last that was answered, {"latency_ms"}: the median
//                            and the 99th percentile of how long after the message's time (tsMs) every kSampleth came
// Ends with standard input.
import { createECDH, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { createInterface } from 'node:readline';

import { decrypt } from './web_push.mjs';

const kSample = 16;
const [certificate, key] = process.argv.slice(2).map((path) => readFileSync(path));
const browser = { ecdh: createECDH('prime256v1'), auth: randomBytes(16) };
browser.ecdh.generateKeys();
const keys = { p256dh: browser.ecdh.getPublicKey('base64url'), auth: browser.auth.toString('base64url') };

const sentMs = {
  fcm: (body) => JSON.parse(body).message.data.tsMs,
  apns: (body) => JSON.parse(body).parley.tsMs,
  web_push: (body) => JSON.parse(decrypt(body, browser)).tsMs,
};
const answers = { fcm: { ':status': 200 }, apns: { ':status': 200 }, web_push: { ':status': 201 } };
const fresh = () => ({ count: 0, hung: 0, firstMs: 0, lastMs: 0, latenciesMs: [] });
let seen = { fcm: fresh(), apns: fresh(), web_push: fresh() };
let hanging = new Set();

const print = (line) => console.log(JSON.stringify(line));

function serviceOf(path) {
  if (path.startsWith('/push')) return 'web_push';
  return path.startsWith('/3/device/') ? 'apns' : 'fcm';
}

function take(stream, service, body) {
  const of = seen[service];
  if (hanging.has(service)) {
    of.hung += 1;
    return;
  }
  stream.respond(answers[service], { endStream: true });
  of.lastMs = Date.now();
  of.firstMs ||= of.lastMs;
  if (of.count++ % kSample === 0) of.latenciesMs.push(of.lastMs - Number(sentMs[service](body)));
}

function report({ count, hung, firstMs, lastMs, latenciesMs }) {
  const sorted = latenciesMs.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count, hung, seconds: (lastMs - firstMs) / 1000, latency_ms: [at(0.5), at(0.99)] };
}

const server = http2.createSecureServer({ cert: certificate, key }, undefined);
server.on('stream', (stream, headers) => {
  const path = headers[':path'];
  const parts = [];
  stream.on('error', () => {});
  stream.on('data', (part) => parts.push(part));
  stream.on('end', () => {
    if (path !== '/token') return take(stream, serviceOf(path), Buffer.concat(parts));
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ access_token: 'access', expires_in: 3600, token_type: 'Bearer' }));
  });
});
server.on('session', (session) => session.on('error', () => {}));
server.on('sessionError', () => {});
server.listen(0, '127.0.0.1', () => print({ port: server.address().port, keys }));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const question = JSON.parse(line);
    if (question.hang) {
      hanging = new Set(question.hang);
      print({ hang: question.hang });
    } else if (question.begin) {
      seen = { fcm: fresh(), apns: fresh(), web_push: fresh() };
      print({ begin: true });
    } else if (question.count) {
      const { count, hung } = seen[question.count];
      print({ count, hung });
    } else {
      print(report(seen[question.report]));
    }
  })
  .on('close', () => process.exit(0));
