'use strict';

const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { describe, it } = require('node:test');

const { baseUrl, clientId, secret, sdk, send, vendorToken } = require('./support/server');

describe('FronteggAuthenticator', () => {
  it('gets a vendor token and plans its renewal', async () => {
    const authenticator = new sdk.FronteggAuthenticator();
    try {
      const before = Date.now();
      await authenticator.init(clientId, secret);
      assert.match(authenticator.accessToken, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      // Renewal is due at 80 % of `expiresIn`: milliseconds taken for seconds would put it years ahead.
      const days = (authenticator.accessTokenExpiry - before) / 86_400_000;
      assert.ok(days > 0 && days < 31, `renewal is due in ${days} days`);
    } finally {
      await authenticator.shutdown();
    }
  });

  it('goes on working with the token it renews to', async () => {
    const authenticator = new sdk.FronteggAuthenticator();
    try {
      await authenticator.init(clientId, secret);
      // First, because a renewal forgets the timer of the token before it, which then keeps the process alive.
      await authenticator.shutdown();
      await authenticator.refreshAuthentication();
      await send('GET', '/tenants/resources/tenants/v1', { token: authenticator.accessToken });
    } finally {
      await authenticator.shutdown();
    }
  });

  for (const [what, id, key] of [
    ['a wrong secret', clientId, randomUUID()],
    ['an unknown client id', randomUUID(), secret],
  ]) {
    it(`is refused with ${what}`, async () => {
      const authenticator = new sdk.FronteggAuthenticator();
      await assert.rejects(authenticator.init(id, key), /Failed to authenticate/);
      assert.equal(authenticator.accessToken, '');
    });
  }
});

describe('HttpClient', () => {
  it('reads a tenant with the token in x-access-token', async () => {
    const token = await vendorToken();
    const tenantId = randomUUID();
    await send('POST', '/tenants/resources/tenants/v1', { token, body: { tenantId, name: 'Read by the SDK' } });

    const authenticator = new sdk.FronteggAuthenticator();
    try {
      await authenticator.init(clientId, secret);
      const client = new sdk.HttpClient(authenticator, { baseURL: baseUrl });
      const { status, data } = await client.get(`/tenants/resources/tenants/v1/${tenantId}`);
      assert.equal(status, 200);
      assert.deepEqual(data.map((tenant) => [tenant.tenantId, tenant.name]), [[tenantId, 'Read by the SDK']]);
    } finally {
      await authenticator.shutdown();
    }
  });
});
