import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PASSWORD, assertRefused, granted, startServer } from './support.mjs';

const server = await startServer();
after(() => server.stop());

/** A second client of the same account. */
async function another(email) {
  const client = server.client();
  const { session } = granted(await client.auth.signInWithEmail(email, PASSWORD));
  return { client, session };
}

test('getUserFromDB gives the user', async () => {
  const { client, user } = await server.signedIn({ name: 'Ada', title: 'Countess' });

  assert.deepEqual(granted(await client.auth.getUserFromDB()).user, user);
});

test('a session has the documented form and a token that tells nothing', async () => {
  const { user, session } = await server.signedIn();

  assert.match(session.token, /^[\w-]{43,}$/);
  assert.equal(session.userId, user._id);
  assert.match(session.creationDtm, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(session.accessGroupKeys, []);
  assert.deepEqual(session.userAgent, {
    family: 'node',
    major: '1',
    minor: '0',
    patch: '0',
    device: { family: 'Other', major: '0', minor: '0', patch: '0' },
    os: { family: 'Other', major: '0', minor: '0', patch: '0' },
  });
});

test('calls without a session are refused', async () => {
  const { auth } = server.client();

  for (const call of [
    auth.getUserFromDB(),
    auth.getAllSessions(),
    auth.signOutAllExceptCurrent(),
    auth.changePassword('another long password', PASSWORD),
    auth.changeEmail(PASSWORD, 'else@latchkey.example'),
    auth.changePhone(PASSWORD, '+15555555555'),
  ]) {
    assertRefused(await call, 401, 'missing_session_token');
  }
});

test('signing out when signed out is 401', async () => {
  assertRefused(await server.client().auth.signOut(), 401, 'missing_session_token');
  assertRefused(await server.client().auth.signOutAll(), 401, 'missing_session_token');
});

test('a token that never was is refused', async () => {
  const client = server.client();
  client.auth.setSession({ token: 'x'.repeat(43) });

  assertRefused(await client.auth.getUserFromDB(), 401, 'invalid_session_token');
});

test('all sessions are listed, the own one by its token, the others by handles that open nothing', async () => {
  const { client, email, session } = await server.signedIn();
  const other = await another(email);

  const { sessions } = granted(await client.auth.getAllSessions());

  assert.equal(sessions.length, 2);
  const [mine] = sessions.filter((listed) => listed.token === session.token);
  assert.deepEqual(mine.userAgent, session.userAgent);
  const [theirs] = sessions.filter((listed) => listed.token !== session.token);
  assert.equal(theirs.creationDtm, other.session.creationDtm);
  const thief = server.client();
  thief.auth.setSession(theirs);
  assertRefused(await thief.auth.getUserFromDB(), 401, 'invalid_session_token');
});

test('signOut ends the own session', async () => {
  const { client, session } = await server.signedIn();

  granted(await client.auth.signOut());

  assertRefused(await client.auth.getUserFromDB(), 401, 'missing_session_token');
  client.auth.setSession(session);
  assertRefused(await client.auth.getUserFromDB(), 401, 'invalid_session_token');
});

test('signOut with the token of another session ends that one only', async () => {
  const { client, email, session } = await server.signedIn();
  const other = await another(email);
  const { sessions } = granted(await client.auth.getAllSessions());
  const [theirs] = sessions.filter((listed) => listed.token !== session.token);

  granted(await client.auth.signOut(theirs.token));

  assertRefused(await other.client.auth.getUserFromDB(), 401, 'invalid_session_token');
  granted(await client.auth.getUserFromDB());
  granted(await client.auth.signOut(theirs.token));
});

test('signOut with a token as another device got it ends that device', async () => {
  const { client, email } = await server.signedIn();
  const other = await another(email);

  granted(await client.auth.signOut(other.session.token));

  assertRefused(await other.client.auth.getUserFromDB(), 401, 'invalid_session_token');
});

test('signOut with a foreign or a broken token is refused, and the caller stays signed in', async () => {
  const { client } = await server.signedIn();
  const stranger = await server.signedIn();

  for (const token of [stranger.session.token, 'no token']) {
    assertRefused(await client.auth.signOut(token), 403, 'invalid_token');
  }

  granted(await client.auth.getUserFromDB());
  granted(await stranger.client.auth.getUserFromDB());
});

test('signOutAll ends every session, the own one too', async () => {
  const { client, email, session } = await server.signedIn();
  const other = await another(email);

  granted(await client.auth.signOutAll());

  client.auth.setSession(session);
  assertRefused(await client.auth.getUserFromDB(), 401, 'invalid_session_token');
  assertRefused(await other.client.auth.getUserFromDB(), 401, 'invalid_session_token');
});

test('signOutAllExceptCurrent leaves only the own session', async () => {
  const { client, email, session } = await server.signedIn();
  const other = await another(email);

  granted(await client.auth.signOutAllExceptCurrent());

  assertRefused(await other.client.auth.getUserFromDB(), 401, 'invalid_session_token');
  const { sessions } = granted(await client.auth.getAllSessions());
  assert.deepEqual(sessions.map((listed) => listed.token), [session.token]);
});

test('a page rendered on a server reads the user by the cookie of the client', async () => {
  const { user, session } = await server.signedIn();
  const cookies = responseWithCookies();
  server.client().auth.setSessionCookie(session.token, {}, cookies);
  const request = { headers: { cookie: cookies.written().split(';')[0] } };

  const found = granted(await server.client().auth.getUserFromDBbyCookie(request, responseWithCookies()));

  assert.deepEqual(found.user, user);
});

test('the cookie of an ended session is removed', async () => {
  const { client, session } = await server.signedIn();
  granted(await client.auth.signOut());
  const response = responseWithCookies();

  const request = { headers: { cookie: `session_token=${session.token}` } };
  const result = await server.client().auth.getUserFromDBbyCookie(request, response);

  assertRefused(result, 401, 'invalid_session_token');
  assert.match(response.written(), /^session_token=;.*Max-Age=-1/);
});

/** As much of a Node response as the client's cookie calls need. */
function responseWithCookies() {
  let cookies = [];
  return {
    getHeader: () => cookies,
    setHeader: (_, value) => {
      cookies = [value].flat();
    },
    written: () => cookies.at(-1) ?? '',
  };
}
