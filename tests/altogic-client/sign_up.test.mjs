import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PASSWORD, assertRefused, freshEmail, granted, startServer } from './support.mjs';

// Of the form that Altogic's keys have.
const OLD_KEY = '0123456789abcdef0123456789abcdef';
const [server, telling, unconfirmed] = await Promise.all([
  startServer(),
  startServer({ ALTOGIC_COMPAT_ERRORS: '1', ALTOGIC_CLIENT_KEY: OLD_KEY }),
  startServer({ CONFIRM_EMAIL: 'false' }),
]);
after(() => Promise.all([server.stop(), telling.stop(), unconfirmed.stop()]));

test('a sign-up gives a user and no session until the address is verified', async () => {
  const email = freshEmail();

  const { user, session } = granted(await server.client().auth.signUpWithEmail(email, PASSWORD));

  assert.equal(session, null);
  assert.match(user._id, /^[0-9a-f]{24}$/);
  assert.match(user.signUpAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(user, {
    _id: user._id,
    provider: 'altogic',
    providerUserId: user._id,
    email,
    emailVerified: false,
    signUpAt: user.signUpAt,
    lastLoginAt: user.signUpAt,
  });
});

test('the third argument as a text is the name', async () => {
  const { user } = granted(await server.client().auth.signUpWithEmail(freshEmail(), PASSWORD, 'Ada'));

  assert.equal(user.name, 'Ada');
});

test('the third argument as an object is merged into the user', async () => {
  const data = { name: 'Ada', surname: 'Lovelace', tags: ['a', { b: 1 }], age: 36 };

  const { user } = granted(await server.client().auth.signUpWithEmail(freshEmail(), PASSWORD, data));

  const { name, surname, tags, age } = user;
  assert.deepEqual({ name, surname, tags, age }, data);
});

test('user data cannot set what the server decides', async () => {
  const email = freshEmail();
  const data = { email: freshEmail(), password: 'x', _id: 'x', provider: 'google', signUpAt: 'never' };

  const { user } = granted(await server.client().auth.signUpWithEmail(email, PASSWORD, data));

  assert.equal(user.email, email);
  assert.equal(user.password, undefined);
  assert.equal(user.provider, 'altogic');
  assert.match(user._id, /^[0-9a-f]{24}$/);
  assert.notEqual(user.signUpAt, 'never');
});

test('emailVerified in user data is ignored without the API key', async () => {
  const email = freshEmail();

  const result = granted(await server.client().auth.signUpWithEmail(email, PASSWORD, { emailVerified: true }));

  assert.equal(result.session, null);
  assert.equal(result.user.emailVerified, false);
});

test('emailVerified in user data signs in at once with the API key', async () => {
  const client = server.clientWithApiKey();

  const result = granted(await client.auth.signUpWithEmail(freshEmail(), PASSWORD, { emailVerified: true }));

  assert.equal(result.session.userId, result.user._id);
  assert.equal(result.user.emailVerified, true);
  assert.deepEqual(granted(await client.auth.getUserFromDB()).user, result.user);
});

test('a bad email is one item', async () => {
  for (const email of ['', 'person', 'person@', '@latchkey.example', 'a b@latchkey.example']) {
    const result = await server.client().auth.signUpWithEmail(email, PASSWORD);

    assertRefused(result, 400, 'validation_error');
    assert.equal(result.errors.items[0].details.param, 'email');
  }
});

test('a short password is one item', async () => {
  const result = await server.client().auth.signUpWithEmail(freshEmail(), 'short');

  assertRefused(result, 400, 'validation_error');
  assert.equal(result.errors.items[0].details.param, 'password');
});

test('a bad email and a short password are two items', async () => {
  const result = await server.client().auth.signUpWithEmail('person', 'short');

  assertRefused(result, 400, 'validation_error', 'validation_error');
  assert.deepEqual(result.errors.items.map((item) => item.details.param).sort(), ['email', 'password']);
  assert.ok(!JSON.stringify(result.errors).includes('short'), 'a password is never repeated');
});

test('a password that everybody tries first is refused', async () => {
  const result = await server.client().auth.signUpWithEmail(freshEmail(), 'Password123');

  assertRefused(result, 400, 'validation_error');
});

test('the address is kept without spaces and in lower case', async () => {
  const email = freshEmail();

  const { user } = granted(await server.client().auth.signUpWithEmail(` ${email.toUpperCase()} `, PASSWORD));

  assert.equal(user.email, email);
});

test('an unknown client key is refused', async () => {
  const result = await server.client(OLD_KEY).auth.signUpWithEmail(freshEmail(), PASSWORD);

  assertRefused(result, 401, 'invalid_client_key');
});

test('an app that moves here may keep its client key', async () => {
  granted(await telling.client(OLD_KEY).auth.signUpWithEmail(freshEmail(), PASSWORD));
  granted(await telling.client().auth.signUpWithEmail(freshEmail(), PASSWORD));
});

test('a taken address is answered as a fresh one, and its owner told', async () => {
  const { email } = await server.signedIn();

  const { user, session } = granted(await server.client().auth.signUpWithEmail(email, PASSWORD, 'Eve'));

  assert.equal(session, null);
  assert.deepEqual([user.email, user.name, user.emailVerified], [email, 'Eve', false]);
  assert.equal((await server.mails(email))[0].subject, 'You already have an account');
});

test('with telling errors a taken address is refused, with neither user nor session', async () => {
  const { email } = await telling.signedIn();

  const result = await telling.client().auth.signUpWithEmail(email, PASSWORD);

  assertRefused(result, 400, 'email_not_unique');
  assert.equal(result.errors.items[0].details.param, 'email');
});

test('without confirmation a sign-up opens a session, and a taken address is refused', async () => {
  const email = freshEmail();
  const client = unconfirmed.client();

  const { user, session } = granted(await client.auth.signUpWithEmail(email, PASSWORD));

  assert.equal(session.userId, user._id);
  assert.equal(user.emailVerified, false);
  assert.equal(granted(await client.auth.getUserFromDB()).user.email, email);
  assertRefused(await unconfirmed.client().auth.signUpWithEmail(email, PASSWORD), 400, 'email_not_unique');
});

test('sign-up by phone is switched off', async () => {
  assertRefused(await server.client().auth.signUpWithPhone('+15555555555', PASSWORD), 401, 'not_allowed');
  assertRefused(await server.client().auth.verifyPhone('+15555555555', '123456'), 401, 'not_allowed');
  assertRefused(await server.client().auth.resendVerificationCode('+15555555555'), 401, 'not_allowed');
});
