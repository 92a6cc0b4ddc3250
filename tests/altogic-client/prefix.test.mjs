// A server that browsers and apps reach below a path, as Altogic's own environments are.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { after, test } from 'node:test';

import { PASSWORD, freePort, freshEmail, granted, redirected, startServer } from './support.mjs';

const PREFIX = '/e:62d3ea15/some%20where';
const port = await freePort();
const asked = [];

/** Passes on what is below the prefix, without it. */
const proxy = createServer((incoming, outgoing) => {
  assert.ok(incoming.url.startsWith(`${PREFIX}/`), incoming.url);
  const path = incoming.url.slice(PREFIX.length);
  asked.push(path);
  const { method, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  incoming.pipe(onward);
});
proxy.listen(0, '127.0.0.1');
await once(proxy, 'listening');
const url = `http://127.0.0.1:${proxy.address().port}${PREFIX}`;
const server = await startServer({ EMBEDDED_ADDR: `127.0.0.1:${port}`, PUBLIC_URL: url });
after(async () => {
  await server.stop();
  proxy.closeAllConnections();
  proxy.close();
});

test('the server says the address below which it is reached', () => {
  assert.equal(server.url, url);
});

test('accounts, links and sessions work below a path', async () => {
  const client = server.client();
  const email = freshEmail();
  granted(await client.auth.signUpWithEmail(email, PASSWORD, 'Ada'));

  const link = await server.link(email);
  assert.ok(link.startsWith(`${url}/_auth/verify?`), link);
  const { access_token: token } = await redirected(link);
  granted(await client.auth.getAuthGrant(token));

  assert.equal(granted(await client.auth.getUserFromDB()).user.email, email);
  assert.equal(granted(await client.auth.getAllSessions()).sessions.length, 1);
  granted(await client.auth.signOut());
  assert.ok(asked.includes('/_api/rest/v1/auth/signout'));
});

test('files are found, read and removed below a path', async () => {
  const { client } = await server.signedIn();
  const { data } = granted(await client.storage.bucket('root').upload('a b.txt', 'hello'));

  assert.ok(data.publicPath.startsWith(`${url}/_storage/`), data.publicPath);
  assert.equal(await (await fetch(data.publicPath)).text(), 'hello');
  granted(await client.storage.deleteFile(data.publicPath));
  assert.equal((await fetch(data.publicPath)).status, 404);
});
