import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PASSWORD, assertRefused, freshEmail, granted, redirected, startServer } from './support.mjs';

const [server, telling, unconfirmed] = await Promise.all([
  startServer(),
  startServer({ ALTOGIC_COMPAT_ERRORS: '1' }),
  startServer({ CONFIRM_EMAIL: 'false' }),
]);
after(() => Promise.all([server.stop(), telling.stop(), unconfirmed.stop()]));

/** Presses the one button of the page behind a link to a new address; gives the redirect's query. */
async function confirmOnPage(link) {
  const page = await fetch(link, { redirect: 'manual' });
  assert.equal(page.status, 200);
  const inputs = (await page.text()).matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
  const body = new URLSearchParams([...inputs].map(([, name, value]) => [name, value]));
  const reply = await fetch(new URL('verify', link), { method: 'POST', body, redirect: 'manual' });
  assert.equal(reply.status, 303);
  return Object.fromEntries(new URL(reply.headers.get('location')).searchParams);
}

test('changeEmail moves the account when the new address is confirmed', async () => {
  const { client, email, user } = await server.signedIn();
  const next = freshEmail();

  assert.deepEqual(granted(await client.auth.changeEmail(PASSWORD, next)).user, user);

  granted(await server.client().auth.signInWithEmail(email, PASSWORD));
  assert.equal((await server.mails(email))[0].subject, 'A new address for your account was asked for');
  const query = await confirmOnPage(await server.link(next));
  assert.deepEqual(query, { from: 'mail', status: '200', action: 'change-email' });
  assert.equal(granted(await client.auth.getUserFromDB()).user.email, next);
  granted(await server.client().auth.signInWithEmail(next, PASSWORD));
  assertRefused(await server.client().auth.signInWithEmail(email, PASSWORD), 401, 'invalid_credentials');
});

test('the link of a new address works once', async () => {
  const { client } = await server.signedIn();
  const next = freshEmail();
  granted(await client.auth.changeEmail(PASSWORD, next));
  const link = await server.link(next);
  await confirmOnPage(link);

  assert.deepEqual(await redirected(link), {
    from: 'mail',
    status: '400',
    action: 'change-email',
    error: 'Invalid or expired access token',
  });
});

test('changeEmail with a wrong password or a bad address is refused', async () => {
  const { client } = await server.signedIn();

  assertRefused(await client.auth.changeEmail('a wrong password', freshEmail()), 401, 'invalid_credentials');
  assertRefused(await client.auth.changeEmail(PASSWORD, 'person'), 400, 'validation_error');
});

test('changeEmail to a taken address is answered as to a free one, and its owner told', async () => {
  const { client, email, user } = await server.signedIn();
  const { email: taken } = await server.signedIn();

  assert.deepEqual(granted(await client.auth.changeEmail(PASSWORD, taken)).user, user);

  assert.equal((await server.mails(taken))[0].subject, 'You already have an account');
  assert.equal(granted(await client.auth.getUserFromDB()).user.email, email);
});

test('with telling errors changeEmail refuses a taken address before the password is checked', async () => {
  const { client } = await telling.signedIn();
  const { email: taken } = await telling.signedIn();

  assertRefused(await client.auth.changeEmail('a wrong password', taken), 400, 'email_not_unique');
});

test('without confirmation changeEmail moves the account at once', async () => {
  const { client } = await unconfirmed.signedIn();
  const next = freshEmail();

  const { user } = granted(await client.auth.changeEmail(PASSWORD, next));

  assert.deepEqual([user.email, user.emailVerified], [next, false]);
  granted(await unconfirmed.client().auth.signInWithEmail(next, PASSWORD));
});
