import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PASSWORD, assertRefused, granted, startServer } from './support.mjs';

const server = await startServer();
after(() => server.stop());

test('changePassword sets a password for who knows the old one and ends the other sessions', async () => {
  const { client, email } = await server.signedIn();
  const other = server.client();
  granted(await other.auth.signInWithEmail(email, PASSWORD));

  granted(await client.auth.changePassword('another long password', PASSWORD));

  granted(await client.auth.getUserFromDB());
  assertRefused(await other.auth.getUserFromDB(), 401, 'invalid_session_token');
  assertRefused(await server.client().auth.signInWithEmail(email, PASSWORD), 401, 'invalid_credentials');
  granted(await server.client().auth.signInWithEmail(email, 'another long password'));
  assert.equal((await server.mails(email))[0].subject, 'Your password was changed');
});

test('changePassword with a wrong old password is refused', async () => {
  const { client } = await server.signedIn();

  const result = await client.auth.changePassword('another long password', 'a wrong password');

  assertRefused(result, 401, 'invalid_credentials');
});

test('changePassword names each bad field', async () => {
  const { client } = await server.signedIn();

  assertRefused(await client.auth.changePassword('short', PASSWORD), 400, 'validation_error');
  assertRefused(await client.auth.changePassword('short', ''), 400, 'validation_error', 'validation_error');
});

test('changing a phone number is switched off', async () => {
  const { client } = await server.signedIn();

  assertRefused(await client.auth.changePhone(PASSWORD, '+15555555555'), 401, 'not_allowed');
});
