// The server under test, as the SDK and the tests see it.
'use strict';

const baseUrl = required('ROOKERY_BASE_URL').replace(/\/$/, '');
const clientId = required('ROOKERY_CLIENT_ID');
const secret = required('ROOKERY_SECRET');

// The SDK reads these while it is being required, so it is required here, after them, and nowhere else.
process.env.FRONTEGG_API_GATEWAY_URL = baseUrl;
process.env.FRONTEGG_AUTHENTICATOR_NUMBER_OF_TRIES = '1';
// A level that winston does not know: the refusals that the tests provoke are not worth a line each.
process.env.FRONTEGG_DEBUG_LEVEL ??= 'silent';
const sdk = require('@frontegg/client');

sdk.FronteggContext.init({ FRONTEGG_CLIENT_ID: clientId, FRONTEGG_API_KEY: secret });

function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run these tests with tests/clients/run`);
  }
  return value;
}

/** Sends JSON without the SDK and answers the JSON that comes back, or undefined where the body is empty. */
async function send(method, path, { body, token } = {}) {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  }
  return text === '' ? undefined : JSON.parse(text);
}

/** A vendor token got without the SDK. */
async function vendorToken() {
  const { token } = await send('POST', '/auth/vendor', { body: { clientId, secret } });
  return token;
}

module.exports = { baseUrl, clientId, secret, sdk, send, vendorToken };
