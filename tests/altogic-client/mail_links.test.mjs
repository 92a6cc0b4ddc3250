import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PASSWORD, assertRefused, freshEmail, granted, redirected, startServer } from './support.mjs';

const [server, telling, unconfirmed] = await Promise.all([
  startServer(),
  startServer({ ALTOGIC_COMPAT_ERRORS: '1', REDIRECT_URL: 'altogic://app/done' }),
  startServer({ ALTOGIC_COMPAT_ERRORS: '1', CONFIRM_EMAIL: 'false' }),
]);
after(() => Promise.all([server.stop(), telling.stop(), unconfirmed.stop()]));

/** An account whose address waits for its link. */
async function signedUp(on = server) {
  const email = freshEmail();
  granted(await on.client().auth.signUpWithEmail(email, PASSWORD));
  return email;
}

test('the link of a sign-up ends at the app with an access token, its own query kept', async () => {
  const email = await signedUp();

  const query = await server.follow(email);

  assert.deepEqual(query, {
    from: 'mail',
    status: '200',
    action: 'email-confirm',
    access_token: query.access_token,
  });
});

test('the access token of a sign-up opens a session of a verified user', async () => {
  const email = await signedUp();
  const { access_token: token } = await server.follow(email);
  const client = server.client();

  const { user, session } = granted(await client.auth.getAuthGrant(token));

  assert.equal(session.userId, user._id);
  assert.deepEqual([user.email, user.emailVerified], [email, true]);
  assert.ok(user.lastLoginAt > user.signUpAt);
  assert.deepEqual(granted(await client.auth.getUserFromDB()).user, user);
});

test('the link proves the address, not the password: that counts once it is named in the session', async () => {
  const email = await signedUp();
  const { access_token: token } = await server.follow(email);
  const client = server.client();
  granted(await client.auth.getAuthGrant(token));
  assertRefused(await server.client().auth.signInWithEmail(email, PASSWORD), 401, 'invalid_credentials');

  granted(await client.auth.changePassword(PASSWORD, PASSWORD));

  granted(await server.client().auth.signInWithEmail(email, PASSWORD));
});

test('a stranger who signs up with an address gets nothing when its owner opens the link', async () => {
  for (const strangerIsFirst of [true, false]) {
    const email = freshEmail();
    const signUps = [() => server.client().auth.signUpWithEmail(email, 'the choice of a stranger')];
    signUps[strangerIsFirst ? 'push' : 'unshift'](() => server.client().auth.signUpWithEmail(email, PASSWORD));
    for (const signUp of signUps) granted(await signUp());
    const links = (await server.mails(email)).flatMap((mail) => mail.links);
    assert.equal(links.length, 2);

    const { access_token: token } = await redirected(links[0]);
    granted(await server.client().auth.getAuthGrant(token));

    for (const password of ['the choice of a stranger', PASSWORD]) {
      assertRefused(await server.client().auth.signInWithEmail(email, password), 401, 'invalid_credentials');
    }
    const { error } = await redirected(links[1]);
    assert.equal(error, 'Invalid or expired access token');
    granted(await server.client().auth.sendResetPwdEmail(email));
    const { access_token: reset } = await server.follow(email);
    granted(await server.client().auth.resetPwdWithToken(reset, 'a password of the owner'));
    granted(await server.client().auth.signInWithEmail(email, 'a password of the owner'));
  }
});

test('an access token is granted once', async () => {
  const { access_token: token } = await server.follow(await signedUp());
  granted(await server.client().auth.getAuthGrant(token));

  assertRefused(await server.client().auth.getAuthGrant(token), 403, 'invalid_access_token');
});

test('no access token and an unknown one are refused apart', async () => {
  assertRefused(await server.client().auth.getAuthGrant(), 400, 'missing_access_token');
  assertRefused(await server.client().auth.getAuthGrant('unknown'), 403, 'invalid_access_token');
});

test('opening a link, however often, verifies nothing and uses nothing up', async () => {
  const email = await signedUp();

  const first = await server.follow(email);
  assert.deepEqual(await server.follow(email), first);

  assertRefused(await server.client().auth.signInWithEmail(email, PASSWORD), 401, 'invalid_credentials');
  granted(await server.client().auth.getAuthGrant(first.access_token));
});

test('a used link redirects with the error of the documentation', async () => {
  const email = await signedUp();
  const { access_token: token } = await server.follow(email);
  granted(await server.client().auth.getAuthGrant(token));

  const reply = await fetch(await server.link(email), { redirect: 'manual' });

  assert.equal(reply.status, 302);
  const end = '&status=400&action=email-confirm&error=Invalid+or+expired+access+token';
  assert.ok(reply.headers.get('location').endsWith(end), reply.headers.get('location'));
});

test('a redirect URL of another scheme keeps it', async () => {
  const email = await signedUp(telling);

  const reply = await fetch(await telling.link(email), { redirect: 'manual' });

  assert.match(
    reply.headers.get('location'),
    /^altogic:\/\/app\/done\?status=200&action=email-confirm&access_token=[\w-]+$/,
  );
});

test('resendVerificationEmail mails a new link; both work until one is used', async () => {
  const email = await signedUp();
  const { access_token: first } = await server.follow(email);

  granted(await server.client().auth.resendVerificationEmail(email));

  assert.equal((await server.mails(email)).length, 2);
  const { access_token: second } = await server.follow(email);
  granted(await server.client().auth.getAuthGrant(first));
  assertRefused(await server.client().auth.getAuthGrant(second), 403, 'invalid_access_token');
});

test('resend, magic link and reset answer alike for every address, and mail only where it is due', async () => {
  const { auth } = server.client();
  const unknown = freshEmail();
  const waiting = await signedUp();
  const { email: verified } = await server.signedIn();

  for (const email of [unknown, waiting, verified]) {
    granted(await auth.resendVerificationEmail(email));
    granted(await auth.sendMagicLinkEmail(email));
    granted(await auth.sendResetPwdEmail(email));
  }

  const subjects = async (email) => (await server.mails(email)).map((mail) => mail.subject).sort();
  assert.deepEqual(await subjects(unknown), []);
  assert.deepEqual(await subjects(waiting), ['Confirm your signup', 'Confirm your signup']);
  assert.deepEqual(await subjects(verified), ['Reset your password', 'Your magic link']);
});

test('resend, magic link and reset refuse what is no address', async () => {
  const { auth } = server.client();

  for (const call of [
    auth.resendVerificationEmail('person'),
    auth.sendMagicLinkEmail('person'),
    auth.sendResetPwdEmail(''),
  ]) {
    assertRefused(await call, 400, 'validation_error');
  }
});

test('with telling errors resend, magic link and reset say why there is no mail', async () => {
  const { auth } = telling.client();
  const unknown = freshEmail();
  const waiting = await signedUp(telling);
  const { email: verified } = await telling.signedIn();

  assertRefused(await auth.resendVerificationEmail(unknown), 401, 'invalid_credentials');
  assertRefused(await auth.resendVerificationEmail(verified), 401, 'email_already_verified');
  for (const send of [(email) => auth.sendMagicLinkEmail(email), (email) => auth.sendResetPwdEmail(email)]) {
    assertRefused(await send(unknown), 401, 'invalid_credentials');
    assertRefused(await send(waiting), 401, 'email_not_verified');
    granted(await send(verified));
  }
});

test('with telling errors and without confirmation the mails are refused as switched off', async () => {
  const email = await signedUp(unconfirmed);
  const { auth } = unconfirmed.client();

  for (const call of [
    auth.resendVerificationEmail(email),
    auth.sendMagicLinkEmail(email),
    auth.sendResetPwdEmail(email),
  ]) {
    assertRefused(await call, 401, 'email_verification_disabled');
  }
});

test('a magic link signs in without a password', async () => {
  const { email, user: made } = await server.signedIn();
  granted(await server.client().auth.sendMagicLinkEmail(email));

  const query = await server.follow(email);

  assert.deepEqual([query.status, query.action], ['200', 'magic-link']);
  const client = server.client();
  const { user } = granted(await client.auth.getAuthGrant(query.access_token));
  assert.equal(user._id, made._id);
  assert.ok(user.lastLoginAt > made.lastLoginAt);
  granted(await client.auth.getUserFromDB());
});

test('a reset link sets a new password, signs nobody in and ends every session', async () => {
  const { client, email } = await server.signedIn();
  granted(await server.client().auth.sendResetPwdEmail(email));
  const query = await server.follow(email);
  assert.deepEqual([query.status, query.action], ['200', 'reset-pwd']);
  const fresh = server.client();

  granted(await fresh.auth.resetPwdWithToken(query.access_token, 'another long password'));

  assertRefused(await fresh.auth.getUserFromDB(), 401, 'missing_session_token');
  assertRefused(await client.auth.getUserFromDB(), 401, 'invalid_session_token');
  assertRefused(await fresh.auth.signInWithEmail(email, PASSWORD), 401, 'invalid_credentials');
  granted(await fresh.auth.signInWithEmail(email, 'another long password'));
  const again = await fresh.auth.resetPwdWithToken(query.access_token, 'a third long password');
  assertRefused(again, 403, 'invalid_access_token');
});

test('a refused new password leaves the reset link alive', async () => {
  const { email } = await server.signedIn();
  granted(await server.client().auth.sendResetPwdEmail(email));
  const { access_token: token } = await server.follow(email);

  assertRefused(await server.client().auth.resetPwdWithToken(token, 'short'), 400, 'validation_error');

  granted(await server.client().auth.resetPwdWithToken(token, 'another long password'));
});

test('an access token is good for its own purpose only', async () => {
  const { email } = await server.signedIn();
  granted(await server.client().auth.sendResetPwdEmail(email));
  const { access_token: reset } = await server.follow(email);
  granted(await server.client().auth.sendMagicLinkEmail(email));
  const { access_token: magic } = await server.follow(email);

  assertRefused(await server.client().auth.getAuthGrant(reset), 401, 'invalid_token_type');
  const misused = await server.client().auth.resetPwdWithToken(magic, 'another long password');
  assertRefused(misused, 401, 'invalid_token_type');
  granted(await server.client().auth.getAuthGrant(magic));
});

test('resetPwdWithToken without a token and with an unknown one are refused apart', async () => {
  const { auth } = server.client();

  assertRefused(await auth.resetPwdWithToken('', 'another long password'), 400, 'missing_access_token');
  assertRefused(await auth.resetPwdWithToken('unknown', 'another long password'), 403, 'invalid_access_token');
});
