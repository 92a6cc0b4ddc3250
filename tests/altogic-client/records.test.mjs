import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PASSWORD, assertRefused, freshEmail, granted, startServer } from './support.mjs';

const server = await startServer();
after(() => server.stop());

/** A signed-in account with its two handles on the own record. */
async function own(userData) {
  const { client, user, ...rest } = await server.signedIn(userData);
  const users = () => client.db.model('users');
  return { client, user, users, record: users().object(user._id), ...rest };
}

test('get gives the own record', async () => {
  const { record, user } = await own({ name: 'Ada', surname: 'Lovelace' });

  assert.deepEqual(granted(await record.get()).data, user);
  assert.deepEqual(granted(await record.get({ cache: '1min' })).data, user);
});

test('update gives the whole updated record', async () => {
  const { client, record, user } = await own({ name: 'Ada', surname: 'Lovelace' });
  const profilePicture = 'https://latchkey.example/a.png';
  const values = { name: 'Grace', profilePicture, address: { city: 'London' } };

  const { data } = granted(await record.update(values));

  assert.deepEqual(data, { ...user, ...values });
  assert.deepEqual(granted(await client.auth.getUserFromDB()).user, data);
});

test('update with a bad value is a validation error', async () => {
  const { record, user } = await own({ name: 'Ada' });

  assertRefused(await record.update({ name: 7 }), 400, 'validation_error');
  assertRefused(await record.update({ profilePicture: 'javascript:alert(1)' }), 400, 'validation_error');
  assertRefused(await record.update({ $where: 1 }), 400, 'validation_error');
  assert.deepEqual(granted(await record.get()).data, user);
});

for (const [updateType, value, before, expected] of [
  ['set', 'x', 1, 'x'],
  ['unset', undefined, 1, undefined],
  ['increment', 2, 40, 42],
  ['increment', undefined, 41, 42],
  ['increment', 1.5, undefined, 1.5],
  ['decrement', 2, 40, 38],
  ['multiply', 3, 14, 42],
  ['min', 3, 14, 3],
  ['max', 3, 14, 14],
  ['push', 'c', ['a', 'b'], ['a', 'b', 'c']],
  ['push', 'a', undefined, ['a']],
  ['pull', 'a', ['a', 'b', 'a'], ['b']],
  ['pop', undefined, ['a', 'b'], ['a']],
  ['shift', undefined, ['a', 'b'], ['b']],
]) {
  const call = `${updateType} ${JSON.stringify(value) ?? 'nothing'} on ${JSON.stringify(before) ?? 'nothing'}`;
  test(`updateFields: ${call} is ${JSON.stringify(expected) ?? 'nothing'}`, async () => {
    const { record } = await own({ field: before });

    const { data } = granted(await record.updateFields({ field: 'field', updateType, value }));

    assert.deepEqual(data.field, expected);
    assert.deepEqual(granted(await record.get()).data, data);
  });
}

test('updateFields applies all or none', async () => {
  const { record, user } = await own({ logins: 1, name: 'Ada' });
  const updates = [
    { field: 'logins', updateType: 'increment', value: 1 },
    { field: 'name', updateType: 'set', value: 'Grace' },
  ];

  const broken = await record.updateFields([...updates, { field: 'name', updateType: 'push', value: 1 }]);
  assertRefused(broken, 400, 'invalid_update_instruction');
  assert.deepEqual(granted(await record.get()).data, user);

  assert.deepEqual(granted(await record.updateFields(updates)).data, { ...user, logins: 2, name: 'Grace' });
});

test('an unknown update type is refused', async () => {
  const { record } = await own();

  const result = await record.updateFields({ field: 'a', updateType: 'double', value: 1 });

  assertRefused(result, 400, 'invalid_update_instruction');
});

test('what the server decides cannot be written', async () => {
  const { record, user, users } = await own();

  for (const [field, value] of Object.entries({
    _id: 'x',
    email: freshEmail(),
    phone: '+15555555555',
    password: 'another long password',
    emailVerified: false,
    phoneVerified: true,
    provider: 'google',
    providerUserId: 'x',
    signUpAt: 'x',
    lastLoginAt: 'x',
  })) {
    assertRefused(await record.update({ [field]: value }), 403, 'unauthorized');
    assertRefused(await record.updateFields({ field, updateType: 'set', value }), 403, 'unauthorized');
    assertRefused(await users().update({ [field]: value }), 403, 'unauthorized');
  }
  assert.deepEqual(granted(await record.get()).data, user);
});

test("other people's records cannot be read, written or deleted", async () => {
  const { users } = await own();
  const stranger = await own({ name: 'Ada' });
  const theirs = users().object(stranger.user._id);

  assertRefused(await theirs.get(), 403, 'unauthorized');
  assertRefused(await theirs.update({ name: 'Eve' }), 403, 'unauthorized');
  assertRefused(await theirs.updateFields({ field: 'name', updateType: 'unset' }), 403, 'unauthorized');
  assertRefused(await theirs.delete(), 403, 'unauthorized');
  assert.deepEqual(granted(await stranger.record.get()).data, stranger.user);
});

test('without a session there are no records', async () => {
  const { user } = await own();
  const users = server.client().db.model('users');

  assertRefused(await users.object(user._id).get(), 401, 'missing_session_token');
  assertRefused(await users.get(), 401, 'missing_session_token');
  assertRefused(await users.delete(), 401, 'missing_session_token');
});

test('a list has the own record only, with its count where asked for', async () => {
  await own();
  const { user, users } = await own();

  assert.deepEqual(granted(await users().get()).data, [user]);
  assert.deepEqual(granted(await users().page(1).limit(10).sort('name', 'asc').get(true)).data, {
    info: { count: 1, totalPages: 1, currentPage: 1, pageSize: 10 },
    data: [user],
  });
  assert.deepEqual(granted(await users().page(2).limit(10).get()).data, []);
});

test('lists take the documented expressions', async () => {
  const { user, users } = await own({ name: 'test user', order: 1 });

  for (const expression of [
    'order == 1',
    'order > 0',
    'order >= 1 && order < 2',
    'order != 2',
    `_id == "${user._id}"`,
    "name == 'test user'",
    'STARTSWITH(name , "test")',
    'order == 5 || name == "test user"',
    '!(order == 5)',
    'emailVerified == true',
  ]) {
    assert.deepEqual(granted(await users().filter(expression).get()).data, [user], expression);
    assert.deepEqual(granted(await users().filter(`!(${expression})`).get()).data, [], expression);
  }
  for (const expression of ['order ==', '"open', 'DROP(name)', 'a = 1']) {
    assertRefused(await users().filter(expression).get(), 400, 'invalid_expression');
  }
});

test('an expression cannot read the password', async () => {
  const { users } = await own();

  assert.deepEqual(granted(await users().filter('EXISTS(password)').get()).data, []);
});

test('omit leaves fields out', async () => {
  const { user, users } = await own({ name: 'Ada' });
  const { email, name, ...rest } = user;

  assert.deepEqual(granted(await users().omit('email', 'name').get()).data, [rest]);
});

test('getSingle gives a record or null, getRandom a list', async () => {
  const { user, users } = await own({ name: 'Ada' });

  assert.deepEqual(granted(await users().filter('name == "Ada"').getSingle()).data, user);
  assert.equal(granted(await users().filter('name == "Eve"').getSingle()).data, null);
  assert.deepEqual(granted(await users().getRandom(3)).data, [user]);
});

test('update, updateFields and delete of a list count what they met', async () => {
  const { record, users } = await own({ name: 'Ada', logins: 1 });
  const increment = { field: 'logins', updateType: 'increment', value: 1 };

  assert.deepEqual(granted(await users().filter('name == "Eve"').update({ name: 'Grace' })).data, {
    totalMatch: 0,
    updated: 0,
  });
  assert.deepEqual(granted(await users().filter('name == "Ada"').update({ name: 'Grace' })).data, {
    totalMatch: 1,
    updated: 1,
  });
  assert.deepEqual(granted(await users().filter('name == "Grace"').updateFields(increment)).data, {
    totalMatch: 1,
    updated: 1,
  });
  const { name, logins } = granted(await record.get()).data;
  assert.deepEqual({ name, logins }, { name: 'Grace', logins: 2 });
  assert.deepEqual(granted(await users().filter('name == "Eve"').delete()).data, { totalMatch: 0, deleted: 0 });
  assert.deepEqual(granted(await users().filter('logins == 2').delete()).data, { totalMatch: 1, deleted: 1 });
  assertRefused(await record.get(), 401, 'invalid_session_token');
});

test('delete removes the account, its sessions and its files, and frees the address', async () => {
  const { client, email, record, session } = await own();
  const { data: file } = granted(await client.storage.bucket('root').upload('a.txt', 'hello'));
  assert.equal((await fetch(file.publicPath)).status, 200);

  assert.equal(granted(await record.delete()).data, null);

  client.auth.setSession(session);
  assertRefused(await client.auth.getUserFromDB(), 401, 'invalid_session_token');
  assertRefused(await server.client().auth.signInWithEmail(email, PASSWORD), 401, 'invalid_credentials');
  assert.equal((await fetch(file.publicPath)).status, 404);
  granted(await server.client().auth.signUpWithEmail(email, PASSWORD));
  assert.equal((await server.mails(email))[0].subject, 'Confirm your signup');
});

test('what the server does not have is refused as not allowed', async () => {
  const { client, user, users } = await own();
  const orders = () => client.db.model('orders');

  for (const call of [
    users().create({ name: 'Eve' }),
    users().set({ a: 1 }, user._id),
    users().append({ a: 1 }, user._id),
    users().object().create({ name: 'Eve' }),
    users().object().set({ a: 1 }, user._id),
    users().object().append({ a: 1 }, user._id),
    users().compute({ name: 'n', type: 'count' }),
    users().searchText('Ada'),
    users().searchFuzzy('name', 'Ada'),
    orders().create({ a: 1 }),
    orders().get(),
    orders().getSingle(),
    orders().update({ a: 1 }),
    orders().delete(),
    orders().object('x').get(),
    client.db.getStats(),
  ]) {
    assertRefused(await call, 403, 'unauthorized');
  }
});

test('other parts of Altogic end in 404, and no call hangs', async () => {
  const { client } = await own();

  for (const call of [
    client.endpoint.get('/orders'),
    client.cache.get('key'),
    client.queue.submitMessage('queue', {}),
    client.task.runOnce('task'),
  ]) {
    assertRefused(await call, 404, 'resource_not_found');
  }
});
