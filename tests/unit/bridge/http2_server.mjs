// http2_server.mjs KEY CERTIFICATE: an HTTP/2 server (TLS, loopback) whose paths are what a server may do to a
// request. Prints its port. POST /seen answers with how many requests each path has had, as JSON.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path));
const server = http2.createSecureServer({ key, cert, allowHTTP1: false });
const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = http2.constants;
const seen = {};
const sessions = new Set();
let connections = 0;

function ok(stream, body) {
  stream.respond({ ':status': 200, 'X-Protocol': 'h2' });
  stream.end(body);
}

const behaviours = {
  '/ok': (stream, body) => ok(stream, body),
  '/empty': (stream) => ok(stream, 'empty'),
  '/seen': (stream) => ok(stream, JSON.stringify({ ...seen, connections })),
  '/hang': () => {},
  '/reset': (stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
  '/refused': (stream) => stream.close(NGHTTP2_REFUSED_STREAM),
  // Says that it has looked at nothing from this stream on.
  '/goaway': (stream) => stream.session.goaway(NGHTTP2_NO_ERROR, stream.id - 2),
  // Says that it has looked at this one, and is gone.
  '/goaway-seen': (stream) => {
    stream.session.goaway(NGHTTP2_NO_ERROR, stream.id);
    setImmediate(() => stream.session?.destroy());
  },
  '/die': (stream) => stream.session.destroy(),
  '/half': (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('half', () => stream.session.destroy());
  },
};

server.on('session', (session) => {
  connections += 1;
  sessions.add(session);
  session.on('error', () => {});
  session.on('close', () => sessions.delete(session));
});
server.on('sessionError', () => {});
server.on('stream', (stream, headers) => {
  const path = headers[':path'].split('?')[0];
  const parts = [];
  stream.on('error', () => {});
  stream.on('data', (part) => parts.push(part));
  stream.on('end', () => {
    seen[path] = (seen[path] ?? 0) + 1;
    behaviours[path](stream, Buffer.concat(parts));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
