// The client's browser bundle in a page of another origin.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { launchBrowser, serveApp } from './browser_support.mjs';
import { PASSWORD, freshEmail, granted, startServer } from './support.mjs';

const app = await serveApp();
const stranger = await serveApp();
const server = await startServer({
  ALLOWED_ORIGINS: `https://other.example,${app.origin}`,
  REDIRECT_URL: `${app.origin}/auth-redirect?from=mail`,
});
const browser = await launchBrowser();
after(async () => {
  await browser.close();
  await Promise.all([server.stop(), app.stop(), stranger.stop()]);
});

/** A page of a fresh browser profile, with the client under `client` wherever the app opens. */
async function openApp(t, origin = app.origin, options = {}) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(
    ([url, key, options]) => {
      addEventListener('DOMContentLoaded', () => {
        if (globalThis.altogic) globalThis.client = altogic.createClient(url, key, options);
      });
    },
    [server.url, server.key, options],
  );
  await page.goto(origin);
  return page;
}

/** A page of the app that is signed in already. */
async function openSignedIn(t, options) {
  const { email, user, session } = await server.signedIn({ name: 'Ada' });
  const page = await openApp(t, app.origin, options);
  await page.evaluate(
    ([user, session]) => {
      client.auth.setUser(user);
      client.auth.setSession(session);
    },
    [user, session],
  );
  return { page, email, user };
}

test('a page signs up, opens the mailed link and is signed in, also after it is loaded again', async (t) => {
  const email = freshEmail();
  const page = await openApp(t);
  const signUp = await page.evaluate(
    ([email, password]) => client.auth.signUpWithEmail(email, password, 'Ada'),
    [email, PASSWORD],
  );
  assert.deepEqual([signUp.errors, signUp.session, signUp.user.name], [null, null, 'Ada']);

  await page.goto(await server.link(email));

  const end = new URL(page.url());
  assert.equal(end.origin + end.pathname, `${app.origin}/auth-redirect`);
  const { access_token: token, ...query } = Object.fromEntries(end.searchParams);
  assert.deepEqual(query, { from: 'mail', status: '200', action: 'email-confirm' });
  assert.ok(token);
  const grant = granted(await page.evaluate(() => client.auth.getAuthGrant()));
  assert.equal(grant.user.emailVerified, true);
  await page.goto(app.origin);
  const again = granted(await page.evaluate(() => client.auth.getUserFromDB()));
  assert.deepEqual(again.user, grant.user);
  assert.deepEqual(await page.evaluate(() => client.auth.getSession()), grant.session);
});

test('a page signs in, sees this browser among the sessions, and signs out', async (t) => {
  const { email, user } = await server.signedIn();
  const page = await openApp(t);
  granted(
    await page.evaluate(
      ([email, password]) => client.auth.signInWithEmail(email, password),
      [email, PASSWORD],
    ),
  );

  const { sessions } = granted(await page.evaluate(() => client.auth.getAllSessions()));
  const mine = await page.evaluate(() => client.auth.getSession());
  assert.equal(sessions.length, 2);
  assert.match(mine.userAgent.family, /Chrom/);
  const [listed] = sessions.filter(({ token }) => token === mine.token);
  assert.equal(listed.userId, user._id);
  granted(await page.evaluate(() => client.auth.signOut()));
  assert.equal(await page.evaluate(() => localStorage.getItem('session')), null);
  const result = await page.evaluate(() => client.auth.getUserFromDB());
  assert.equal(result.errors.items[0].code, 'missing_session_token');
});

test('a page reads why a call was refused', async (t) => {
  const page = await openApp(t);

  const { errors } = await page.evaluate(() => client.auth.signUpWithEmail('person', 'short'));

  assert.deepEqual([errors.status, errors.items.length], [400, 2]);
});

test('a page changes its own record', async (t) => {
  const { page, user } = await openSignedIn(t);

  const { data } = granted(
    await page.evaluate((id) => client.db.model('users').object(id).update({ name: 'Grace' }), user._id),
  );

  assert.equal(data.name, 'Grace');
});

test('a magic link ends signed in', async (t) => {
  const { email, user } = await server.signedIn();
  const page = await openApp(t);
  granted(await page.evaluate((email) => client.auth.sendMagicLinkEmail(email), email));

  await page.goto(await server.link(email));

  assert.equal(new URL(page.url()).searchParams.get('action'), 'magic-link');
  const grant = granted(await page.evaluate(() => client.auth.getAuthGrant()));
  assert.equal(grant.user._id, user._id);
});

test('a reset link ends at the app, which sets the password', async (t) => {
  const { email } = await server.signedIn();
  const page = await openApp(t);
  granted(await page.evaluate((email) => client.auth.sendResetPwdEmail(email), email));

  await page.goto(await server.link(email));

  const query = new URL(page.url()).searchParams;
  assert.equal(query.get('action'), 'reset-pwd');
  const reset = await page.evaluate(
    (token) => client.auth.resetPwdWithToken(token, 'another long password'),
    query.get('access_token'),
  );
  granted(reset);
  const signIn = (password) =>
    page.evaluate(([email, password]) => client.auth.signInWithEmail(email, password), [email, password]);
  assert.equal((await signIn(PASSWORD)).errors.items[0].code, 'invalid_credentials');
  granted(await signIn('another long password'));
});

test('the link to a new address moves the account after one click', async (t) => {
  const { page } = await openSignedIn(t);
  const next = freshEmail();
  granted(
    await page.evaluate(([password, next]) => client.auth.changeEmail(password, next), [PASSWORD, next]),
  );

  await page.goto(await server.link(next));
  await page.getByRole('button').click();
  await page.waitForURL(`${app.origin}/**`);

  const query = Object.fromEntries(new URL(page.url()).searchParams);
  assert.deepEqual(query, { from: 'mail', status: '200', action: 'change-email' });
  const { user } = granted(await page.evaluate(() => client.auth.getUserFromDB()));
  assert.equal(user.email, next);
});

test('a dead link ends at the app with the error', async (t) => {
  const page = await openApp(t);

  await page.goto(`${server.url}/_auth/verify?key=dead&action=magic-link`);

  assert.deepEqual(Object.fromEntries(new URL(page.url()).searchParams), {
    from: 'mail',
    status: '400',
    action: 'magic-link',
    error: 'Invalid or expired access token',
  });
});

test('a provider that is not set up ends at the app with the error', async (t) => {
  const page = await openApp(t);

  await page.evaluate(() => client.auth.signInWithProvider('google'));
  await page.waitForURL(`${app.origin}/auth-redirect?**`);

  const query = new URL(page.url()).searchParams;
  assert.deepEqual([query.get('status'), query.get('action')], ['401', 'oauth-signin']);
  assert.ok(query.get('error'));
});

test('an ended session sends the page to its sign-in page', async (t) => {
  const { page } = await openSignedIn(t, { signInRedirect: '/sign-in' });
  const token = await page.evaluate(() => client.auth.getSession().token);
  const elsewhere = server.client();
  elsewhere.auth.setSession({ token });
  granted(await elsewhere.auth.signOutAll());

  await page.evaluate(() => void client.auth.getUserFromDB());
  await page.waitForURL(`${app.origin}/sign-in`);

  assert.equal(await page.evaluate(() => localStorage.getItem('session')), null);
});

test('a page uploads a Blob, a File and a FormData, each with its own type, and fetches them', async (t) => {
  const { page } = await openSignedIn(t);

  const outcomes = await page.evaluate(async () => {
    const blob = new Blob(['hello'], { type: 'image/png' });
    const form = new FormData();
    form.append('file', blob, 'c.png');
    const outcomes = [];
    for (const body of [blob, new File([blob], 'b.png', { type: 'image/png' }), form]) {
      const options = { contentType: 'text/plain', tags: ['t'] };
      const upload = await client.storage.bucket('root').upload('my cat+1.png', body, options);
      const reply = await fetch(upload.data.publicPath);
      outcomes.push({ upload, fetched: [reply.headers.get('content-type'), await reply.text()] });
    }
    return outcomes;
  });

  const names = ['my cat+1.png', 'my cat+1-1.png', 'my cat+1-2.png'];
  for (const [index, { upload, fetched }] of outcomes.entries()) {
    const { fileName, size, mimeType, tags } = granted(upload).data;
    assert.deepEqual([fileName, size, mimeType, tags], [names[index], 5, 'image/png', ['t']]);
    assert.deepEqual(fetched, ['image/png', 'hello']);
  }
});

test('an upload and a replacement tell their progress', async (t) => {
  const { page } = await openSignedIn(t);

  const { upload, replaced, seen } = await page.evaluate(async () => {
    const size = 1024 * 1024;
    const body = new Blob([new Uint8Array(size)], { type: 'application/x-big' });
    const seen = [];
    const options = { onProgress: (uploaded, total, percent) => seen.push([uploaded, total, percent]) };
    const bucket = client.storage.bucket('root');
    const upload = await bucket.upload('big', body, options);
    const smaller = body.slice(0, 1000, 'application/x-small');
    const replaced = await bucket.file(upload.data._id).replace(smaller, options);
    return { upload, replaced, seen };
  });

  assert.deepEqual([granted(upload).data.size, upload.data.mimeType], [1024 * 1024, 'application/x-big']);
  assert.deepEqual([granted(replaced).data.size, replaced.data.mimeType], [1000, 'application/x-small']);
  assert.equal(replaced.data._id, upload.data._id);
  assert.ok(seen.length >= 2);
  assert.equal(seen.at(-1)[2], 100);
  assert.ok(seen.every(([uploaded, total]) => uploaded > 0 && uploaded <= total));
});

test('an upload that is refused while it tells its progress says why', async (t) => {
  const { page } = await openSignedIn(t);

  const { errors } = await page.evaluate(() =>
    client.storage.bucket('nowhere').upload('a', new Blob(['hello']), { onProgress: () => {} }),
  );

  assert.deepEqual([errors.status, errors.items[0].code], [400, 'bucket_not_found']);
});

test('a page downloads a private file through the client', async (t) => {
  const { page } = await openSignedIn(t);

  const { upload, text } = await page.evaluate(async () => {
    const bucket = client.storage.bucket('root');
    const upload = await bucket.upload('private.txt', new Blob(['hello']), { isPublic: false });
    const download = await bucket.file(upload.data._id).download();
    return { upload, text: await download.data.text() };
  });

  assert.equal(text, 'hello');
  assert.equal((await fetch(granted(upload).data.publicPath)).status, 403);
});

test('a page of an origin that is not allowed is refused, and nothing happens', async (t) => {
  const page = await openApp(t, stranger.origin);
  const email = freshEmail();

  const outcome = await page.evaluate(
    ([email, password]) =>
      client.auth.signUpWithEmail(email, password).then(
        (result) => JSON.stringify(result),
        () => 'unreachable',
      ),
    [email, PASSWORD],
  );

  assert.equal(outcome, 'unreachable');
  assert.deepEqual(await server.mails(email), []);
});

test('a page of an origin that is not allowed still shows public files', async (t) => {
  const { client } = await server.signedIn();
  const { data } = granted(await client.storage.bucket('root').upload('a.txt', 'hello'));
  const page = await openApp(t, stranger.origin);

  const text = await page.evaluate((url) => fetch(url).then((reply) => reply.text()), data.publicPath);

  assert.equal(text, 'hello');
});
