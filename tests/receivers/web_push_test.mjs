// The receiver against the example of RFC 8291 (appendix A), and what it must refuse.
import assert from 'node:assert';
import {createECDH, generateKeyPairSync, sign} from 'node:crypto';
import {test} from 'node:test';

import {checkVapid, decrypt} from './web_push.mjs';

const bytes = (text) => Buffer.from(text, 'base64url');

function browserOfTheExample() {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'));
  return {ecdh, auth: bytes('BTBZMqHH6r4Tts7J_aSIgg')};
}

const kExample =
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6' +
    'cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN';

test('the example of RFC 8291', () => {
  assert.equal(decrypt(bytes(kExample), browserOfTheExample()).toString(),
               'When I grow up, I want to be a watermelon');
});

test('a bit that has changed is refused', () => {
  const body = bytes(kExample);
  body[body.length - 1] ^= 1;
  assert.throws(() => decrypt(body, browserOfTheExample()));
  assert.throws(() => decrypt(body.subarray(0, 50), browserOfTheExample()));
});

test('VAPID: who signed it, for whom, until when', () => {
  const {privateKey, publicKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const jwk = publicKey.export({format: 'jwk'});
  const key = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]).toString('base64url');
  const authorization = (claims, k = key) => {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({typ: 'JWT', alg: 'ES256'})}.${part(claims)}`;
    const signature = sign('sha256', Buffer.from(text), {key: privateKey, dsaEncoding: 'ieee-p1363'});
    return `vapid t=${text}.${signature.toString('base64url')}, k=${k}`;
  };
  const origin = 'http://127.0.0.1:1';
  const good = {aud: origin, exp: 1000 + 3600, sub: 'mailto:x@example.org'};
  assert.equal(checkVapid(authorization(good), origin, 1000).sub, 'mailto:x@example.org');
  const other = generateKeyPairSync('ec', {namedCurve: 'P-256'}).publicKey.export({format: 'jwk'});
  const otherKey = Buffer.concat([Buffer.from([4]), bytes(other.x), bytes(other.y)]).toString('base64url');
  for (const bad of [undefined, 'Bearer x', authorization(good, otherKey), authorization({...good, aud: 'http://x'}),
                     authorization({...good, exp: 999}), authorization({...good, exp: 1000 + 86401})]) {
    assert.throws(() => checkVapid(bad, origin, 1000));
  }
});
