import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PASSWORD, assertRefused, freshEmail, granted, startServer } from './support.mjs';

const [server, telling] = await Promise.all([startServer(), startServer({ ALTOGIC_COMPAT_ERRORS: '1' })]);
after(() => Promise.all([server.stop(), telling.stop()]));

test('address and password open a session', async () => {
  const { email, user: made } = await server.signedIn({ name: 'Ada' });
  const client = server.client();

  const { user, session } = granted(await client.auth.signInWithEmail(email, PASSWORD));

  assert.equal(session.userId, user._id);
  assert.deepEqual({ ...user, lastLoginAt: made.lastLoginAt }, made);
  assert.ok(user.lastLoginAt > made.lastLoginAt);
  assert.deepEqual(granted(await client.auth.getUserFromDB()).user, user);
});

test('the address counts without spaces and in any capitals', async () => {
  const { email } = await server.signedIn();

  granted(await server.client().auth.signInWithEmail(` ${email.toUpperCase()} `, PASSWORD));
});

test('signing in again while signed in gives a new session', async () => {
  const { client, email, session } = await server.signedIn();

  const again = granted(await client.auth.signInWithEmail(email, PASSWORD));

  assert.notEqual(again.session.token, session.token);
  const first = server.client();
  first.auth.setSession(session);
  granted(await first.auth.getUserFromDB());
});

test('an unknown address is refused', async () => {
  const result = await server.client().auth.signInWithEmail(freshEmail(), PASSWORD);

  assertRefused(result, 401, 'invalid_credentials');
});

test('a wrong password is refused', async () => {
  const { email } = await server.signedIn();

  const result = await server.client().auth.signInWithEmail(email, 'a wrong password');

  assertRefused(result, 401, 'invalid_credentials');
});

test('an unknown address and a wrong password are refused in the same words', async () => {
  const { email } = await server.signedIn();

  const wrong = await server.client().auth.signInWithEmail(email, 'a wrong password');
  const unknown = await server.client().auth.signInWithEmail(freshEmail(), 'a wrong password');

  assert.deepEqual(wrong, unknown);
  assert.equal(wrong.errors.items[0].message, 'Invalid credentials. Email or password provided is invalid.');
});

test('sign-up and sign-in say the same of a taken address and of one that waits', async () => {
  const { email: taken } = await server.signedIn();
  const choice = 'the choice of a stranger';

  for (const email of [taken, freshEmail()]) {
    granted(await server.client().auth.signUpWithEmail(email, choice));

    assertRefused(await server.client().auth.signInWithEmail(email, choice), 401, 'invalid_credentials');
  }
});

test('with telling errors an unverified address is told before the password is checked', async () => {
  const email = freshEmail();
  granted(await telling.client().auth.signUpWithEmail(email, PASSWORD));

  assertRefused(await telling.client().auth.signInWithEmail(email, 'a wrong one'), 401, 'email_not_verified');
});

test('an empty password is a validation error', async () => {
  assertRefused(await server.client().auth.signInWithEmail(freshEmail(), ''), 400, 'validation_error');
});

test('too many passwords for one account are refused for a while', async () => {
  const { email } = await server.signedIn();

  let result;
  for (let tries = 0; tries < 15 && result?.errors?.status !== 429; tries += 1) {
    result = await server.client().auth.signInWithEmail(email, 'a wrong password');
  }

  assertRefused(result, 429, 'rate_limit_exceeded');
});

test('sign-in by phone is switched off', async () => {
  const { auth } = server.client();

  assertRefused(await auth.signInWithPhone('+15555555555', PASSWORD), 401, 'not_allowed');
  assertRefused(await auth.signInWithCode('+15555555555', '123456'), 401, 'not_allowed');
  assertRefused(await auth.sendSignInCode('+15555555555'), 401, 'not_allowed');
  assertRefused(await auth.sendResetPwdCode('+15555555555'), 401, 'not_allowed');
  assertRefused(await auth.resetPwdWithCode('+15555555555', '123456', PASSWORD), 401, 'not_allowed');
});

test('a provider that is not set up sends the browser back with an error', async () => {
  const reply = await fetch(`${server.url}/_auth/google`, { redirect: 'manual' });

  assert.equal(reply.status, 302);
  const query = Object.fromEntries(new URL(reply.headers.get('location')).searchParams);
  assert.ok(query.error);
  assert.deepEqual(query, { from: 'mail', status: '401', action: 'oauth-signin', error: query.error });
});
