'use strict';

const assert = require('node:assert/strict');
const { createPublicKey } = require('node:crypto');
const { before, describe, it } = require('node:test');

const { sdk, vendorToken } = require('./support/server');
const { signedInMember } = require('./support/member');
const { withClaims, withOtherSignature } = require('./support/tampering');

describe('IdentityClient', () => {
  const client = sdk.IdentityClient.getInstance();
  let member;

  before(async () => {
    member = await signedInMember();
  });

  it('reads the public key as an RSA key in SPKI form', async () => {
    const pem = await client.getPublicKey();
    assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n/);
    const key = createPublicKey(pem);
    assert.equal(key.asymmetricKeyType, 'rsa');
    assert.ok(key.asymmetricKeyDetails.modulusLength >= 2048);
  });

  it('validates a user token and reads its claims', async () => {
    const claims = await client.validateToken(member.accessToken);
    assert.equal(claims.type, 'userToken');
    assert.equal(claims.sub, member.userId);
    assert.equal(claims.email, member.email);
    assert.equal(claims.tenantId, member.tenantId);
    assert.deepEqual(claims.tenantIds, [member.tenantId]);
    assert.deepEqual(claims.roles, [member.role]);
    assert.deepEqual(claims.permissions, [member.permission]);
  });

  it('takes the token with its scheme', async () => {
    const claims = await client.validateToken(`Bearer ${member.accessToken}`);
    assert.equal(claims.sub, member.userId);
  });

  it('finds the role and the permission', async () => {
    await client.validateToken(member.accessToken, { roles: [member.role], permissions: [member.permission] });
  });

  it('misses a role and a permission that were not given', async () => {
    const attempt = (options) => client.validateToken(member.accessToken, options);
    await assert.rejects(attempt({ roles: ['owner'] }), { statusCode: 403 });
    await assert.rejects(attempt({ permissions: ['reports.delete'] }), { statusCode: 403 });
  });

  it('refuses tokens that this environment did not sign for a user', async () => {
    const refused = {
      'another signature': withOtherSignature(member.accessToken),
      'other claims': withClaims(member.accessToken, { roles: ['owner'] }),
      'no token at all': 'not.a.token',
      'a vendor token': await vendorToken(),
    };
    for (const [what, token] of Object.entries(refused)) {
      await assert.rejects(client.validateToken(token), { statusCode: 401 }, what);
    }
  });
});
