// A user who has signed in, in a tenant of their own, with one role that carries one permission.
'use strict';

const { randomUUID } = require('node:crypto');

const { send, vendorToken } = require('./server');

/**
 * Creates the member. Every name is new, so that the tests can run again on the same data.
 *
 * @returns {Promise<{userId: string, tenantId: string, email: string, role: string, permission: string,
 *   accessToken: string}>} `role` and `permission` are keys, which is what tokens carry.
 */
async function signedInMember() {
  const token = await vendorToken();
  const run = randomUUID();
  const email = `ada.${run}@example.com`;
  const password = 'Correct-Horse-7';

  const { tenantId } = await send('POST', '/tenants/resources/tenants/v1', {
    token,
    body: { tenantId: randomUUID(), name: `Guarded ${run}` },
  });
  const [permission] = await send('POST', '/identity/resources/permissions/v1', {
    token,
    body: [{ key: `reports.read.${run}`, name: 'Read reports' }],
  });
  const [role] = await send('POST', '/identity/resources/roles/v1', {
    token,
    body: [{ key: `analyst-${run}`, name: `Analyst ${run}`, level: 1 }],
  });
  await send('PUT', `/identity/resources/roles/v1/${role.id}/permissions`, {
    token,
    body: { permissionIds: [permission.id] },
  });
  const user = await send('POST', '/identity/resources/vendor-only/users/v1', {
    token,
    body: { email, password, tenantId, roleIds: [role.id] },
  });
  await send('POST', `/identity/resources/users/v1/${user.id}/verify`, { token });

  const { accessToken } = await send('POST', '/identity/resources/auth/v1/user', { body: { email, password } });
  return { userId: user.id, tenantId, email, role: role.key, permission: permission.key, accessToken };
}

module.exports = { signedInMember };
