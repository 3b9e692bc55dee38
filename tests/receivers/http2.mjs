// Stands in for APNs, FCM and the OAuth endpoint of FCM's accounts (HTTP/2 and 1.1 over TLS, loopback, Node alone).
//
//   http2.mjs CERTIFICATE KEY APNS_PUBLIC_KEY FCM_PUBLIC_KEY     (PEM files)
//
// Prints {"port": N}, then one line of JSON for each request: {service, path, version, headers, body, token, problem,
// answer}. `token` holds the header and the claims of the JWT whose signature was verified; `problem` is what is wrong with
// the request, null when nothing is. What is wrong is refused as the service refuses it; what is right is answered 200, or by
// what standard input has told to answer next, a line for each: {"service": "apns", "answers": [answer, …]}. An answer is
// {"status", "headers", "body"}, or {"act"}: "hang" (no answer), "close" (the connection ends after the request was read),
// "refuse" (REFUSED_STREAM), "goaway" (it says that it has not looked at this request), "reset". Ends with standard input.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { createInterface } from 'node:readline';

const [certificate, key, apnsKey, fcmKey] = process.argv.slice(2).map((path) => readFileSync(path));
const apnsPublic = createPublicKey(apnsKey);
const fcmPublic = createPublicKey(fcmKey);
const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = http2.constants;
const scripts = { apns: [], fcm: [], oauth: [] };
const accessTokens = new Set();
let tokensMade = 0;

const print = (line) => console.log(JSON.stringify(line));
const seconds = () => Math.floor(Date.now() / 1000);

// The header and the claims of a JWT that is signed as it says by that key; throws otherwise.
function verified(token, algorithm, publicKey) {
  const [header, claims, signature] = token.split('.').map((part) => Buffer.from(part, 'base64url'));
  const parsed = { header: JSON.parse(header), claims: JSON.parse(claims) };
  if (parsed.header.alg !== algorithm) throw new Error(`alg is ${parsed.header.alg}`);
  const text = Buffer.from(token.slice(0, token.lastIndexOf('.')));
  const ok = verify('sha256', text, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  if (!ok) throw new Error('the signature is wrong');
  return parsed;
}

function must(condition, problem) {
  if (!condition) throw Object.assign(new Error(problem), { problem });
}

// Each: what a right request is answered; throws what is wrong with it.
const services = {
  oauth(request, seen) {
    const form = new URLSearchParams(seen.body);
    must(form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'grant_type');
    seen.token = verified(form.get('assertion'), 'RS256', fcmPublic);
    const { iss, scope, aud, iat, exp } = seen.token.claims;
    must(iss && scope.endsWith('/auth/firebase.messaging') && aud === seen.url, 'claims');
    must(Math.abs(iat - seconds()) < 60 && exp - iat <= 3600 && exp > iat, 'times');
    const token = `access-${(tokensMade += 1)}`;
    accessTokens.add(token);
    return { status: 200, body: { access_token: token, expires_in: 3600, token_type: 'Bearer' } };
  },
  fcm(request, seen) {
    must(accessTokens.has((seen.headers.authorization ?? '').replace(/^Bearer /, '')), 'access token');
    seen.body = JSON.parse(seen.body);
    const { token, data, notification } = seen.body.message;
    must(typeof token === 'string' && token.length > 0, 'token');
    must(Object.values(data).every((value) => typeof value === 'string'), 'data that is no text');
    must(Buffer.byteLength(JSON.stringify({ data, notification })) <= 4096, 'too large');
    return { status: 200, body: { name: `projects/p/messages/${Date.now()}` } };
  },
  apns(request, seen) {
    must(request.httpVersion === '2.0', 'not HTTP/2');
    seen.token = verified((seen.headers.authorization ?? '').replace(/^bearer /, ''), 'ES256', apnsPublic);
    must(seen.token.header.kid && seen.token.claims.iss, 'kid and iss');
    must(Math.abs(seen.token.claims.iat - seconds()) < 3600, 'iat');
    must(Buffer.byteLength(seen.body) <= 4096, 'too large');
    seen.body = JSON.parse(seen.body);
    must(seen.headers['apns-topic'], 'apns-topic');
    must(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(seen.headers['apns-id']), 'apns-id');
    must(Buffer.byteLength(seen.headers['apns-collapse-id'] ?? '') <= 64, 'apns-collapse-id');
    const background = seen.headers['apns-push-type'] === 'background';
    must(background || seen.headers['apns-push-type'] === 'alert', 'apns-push-type');
    must(!background || (seen.body.aps['content-available'] === 1 && seen.headers['apns-priority'] === '5'), 'background');
    return { status: 200, headers: { 'apns-id': seen.headers['apns-id'] } };
  },
};
const refusals = {
  oauth: (why) => ({ status: 400, body: { error: 'invalid_grant', error_description: why } }),
  fcm: (why) => ({ status: why === 'access token' ? 401 : 400, body: { error: { status: 'UNAUTHENTICATED', message: why } } }),
  apns: (why) => ({ status: 403, body: { reason: 'InvalidProviderToken', why } }),
};
const acts = {
  hang() {},
  close: (request) => (request.stream?.session ?? request.socket).destroy(),
  refuse: (request) => request.stream.close(NGHTTP2_REFUSED_STREAM),
  reset: (request) => request.stream.close(NGHTTP2_INTERNAL_ERROR),
  // Of a connection's first stream, Node cannot say it: it is refused then.
  goaway(request) {
    const { stream } = request;
    if (stream.id < 3) stream.close(NGHTTP2_REFUSED_STREAM);
    else stream.session.goaway(NGHTTP2_NO_ERROR, stream.id - 2);
  },
};

function serviceOf(request) {
  if (request.method !== 'POST') return null;
  if (request.url === '/token') return 'oauth';
  if (/^\/v1\/projects\/[^/]+\/messages:send$/.test(request.url)) return 'fcm';
  return /^\/3\/device\/[0-9a-fA-F]+$/.test(request.url) ? 'apns' : null;
}

function handle(request, response, body) {
  const service = serviceOf(request);
  const { authority, headers } = request;
  const seen = { service, path: request.url, url: `https://${authority || headers.host}${request.url}`,
    version: request.httpVersion, headers: { ...headers }, body, token: null, problem: null };
  let answer = { status: 404 };
  if (service) {
    try {
      answer = services[service](request, seen);
      answer = scripts[service].shift() ?? answer;
    } catch (error) {
      seen.problem = error.message;
      answer = refusals[service](error.message);
    }
  } else {
    seen.problem = 'no such place';
  }
  seen.answer = answer.act ?? answer.status;
  print(seen);
  if (answer.act) return acts[answer.act](request);
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  return response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
}

const server = http2.createSecureServer({ cert: certificate, key, allowHTTP1: true }, (request, response) => {
  const parts = [];
  request.on('error', () => {});
  response.on('error', () => {});
  request.on('data', (part) => parts.push(part));
  request.on('end', () => handle(request, response, Buffer.concat(parts).toString()));
});
server.on('session', (session) => session.on('error', () => {}));
server.on('sessionError', () => {});
server.listen(0, '127.0.0.1', () => print({ port: server.address().port }));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { service, answers } = JSON.parse(line);
    scripts[service] = answers;
    print({ scripted: service });
  })
  .on('close', () => process.exit(0));
