'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, it } = require('node:test');

const { vendorToken } = require('./support/server');
const { serve } = require('./support/guarded-app');
const { signedInMember } = require('./support/member');
const { withClaims, withOtherSignature } = require('./support/tampering');

describe('withAuthentication', () => {
  let member;
  let app;

  before(async () => {
    member = await signedInMember();
    app = await serve({
      '/signed-in': undefined,
      '/role': { roles: [member.role] },
      '/permission': { permissions: [member.permission] },
      '/role-and-permission': { roles: [member.role], permissions: [member.permission] },
      '/one-role-of-two': { roles: ['owner', member.role] },
      '/other-role': { roles: ['owner'] },
      '/other-permission': { permissions: ['reports.delete'] },
      '/role-and-other-permission': { roles: [member.role], permissions: ['reports.delete'] },
      '/other-role-and-permission': { roles: ['owner'], permissions: [member.permission] },
    });
  });

  after(() => app?.close());

  const assertStatus = async (path, token, expected) => {
    const response = await app.get(path, token);
    assert.equal(response.status, expected, `GET ${path}: ${await response.text()}`);
  };

  it('lets the user in and tells who it is', async () => {
    const response = await app.get('/signed-in', member.accessToken);
    assert.equal(response.status, 200);
    const user = await response.json();
    assert.equal(user.id, member.userId);
    assert.equal(user.tenantId, member.tenantId);
    assert.equal(user.email, member.email);
    assert.deepEqual(user.roles, [member.role]);
    assert.deepEqual(user.permissions, [member.permission]);
  });

  for (const path of ['/role', '/permission', '/role-and-permission', '/one-role-of-two']) {
    it(`lets the user through ${path}`, () => assertStatus(path, member.accessToken, 200));
  }

  for (const path of [
    '/other-role',
    '/other-permission',
    '/role-and-other-permission',
    '/other-role-and-permission',
  ]) {
    it(`stops the user at ${path}`, () => assertStatus(path, member.accessToken, 403));
  }

  it('stops a request without a token', () => assertStatus('/signed-in', undefined, 401));

  it('stops a token whose signature was changed', () =>
    assertStatus('/signed-in', withOtherSignature(member.accessToken), 401));

  it('stops a token whose claims were changed', () =>
    assertStatus('/other-role', withClaims(member.accessToken, { roles: ['owner'] }), 401));

  // 401 and not 400: the SDK tells a wrong kind of token only where the user tokens' key verifies it, and a vendor
  // token is signed with another.
  it('stops a vendor token', async () => assertStatus('/signed-in', await vendorToken(), 401));
});
