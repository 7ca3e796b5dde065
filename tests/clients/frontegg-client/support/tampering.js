// Tokens that look right and are not.
'use strict';

/** The same token with one bit of its signature turned. */
function withOtherSignature(token) {
  const [header, claims, signature] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes[0] ^= 1;
  return [header, claims, bytes.toString('base64url')].join('.');
}

/** The same token with `changes` made to its claims, under the signature it had. */
function withClaims(token, changes) {
  const [header, claims, signature] = token.split('.');
  const changed = { ...JSON.parse(Buffer.from(claims, 'base64url')), ...changes };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}

module.exports = { withClaims, withOtherSignature };
