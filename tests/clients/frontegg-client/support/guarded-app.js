// An Express application of the kind the SDK is made for: each route behind a guard of its own.
'use strict';

const { once } = require('node:events');

const express = require('express');

const { sdk } = require('./server');

/**
 * Serves `guards`, a guard's options by path, on a free port. A request that passes is answered with the user that
 * the guard found in its token.
 *
 * @returns {Promise<{get: (path: string, token?: string) => Promise<Response>, close: () => Promise<void>}>}
 */
async function serve(guards) {
  const app = express();
  for (const [path, options] of Object.entries(guards)) {
    app.get(path, sdk.withAuthentication(options), (request, response) => response.json(request.frontegg.user));
  }
  // The guard answers a refusal and then passes the error on too; by default Express would cut the connection.
  app.use((error, request, response, next) => (response.headersSent ? undefined : next(error)));

  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    get: (path, token) => fetch(origin + path, { headers: token ? { authorization: `Bearer ${token}` } : {} }),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

module.exports = { serve };
