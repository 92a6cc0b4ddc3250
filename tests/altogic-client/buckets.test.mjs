import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { assertRefused, granted, startServer } from './support.mjs';

const server = await startServer();
after(() => server.stop());

/** A signed-in account and its storage. */
async function own() {
  const { client, user } = await server.signedIn();
  return { user, storage: client.storage };
}

let buckets = 0;

/** A bucket name that no other test uses. */
function freshName() {
  buckets += 1;
  return `bucket ${buckets}`;
}

test('createBucket gives the bucket', async () => {
  const { storage, user } = await own();
  const name = freshName();

  const { data } = granted(await storage.createBucket(name, false, ['a', 'b']));

  assert.match(data._id, /^[0-9a-f]{24}$/);
  assert.match(data.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(data, {
    _id: data._id,
    name,
    isPublic: false,
    createdAt: data.createdAt,
    updatedAt: data.createdAt,
    userId: user._id,
    tags: ['a', 'b'],
  });
});

test('a bucket is public and without tags unless told otherwise', async () => {
  const { storage } = await own();

  const { data } = granted(await storage.createBucket(freshName()));

  assert.deepEqual([data.isPublic, data.tags], [true, []]);
});

test('a taken or a bad name is refused', async () => {
  const { storage } = await own();
  const name = freshName();
  granted(await storage.createBucket(name));

  assertRefused(await storage.createBucket(name), 400, 'bucket_not_unique');
  assertRefused(await storage.createBucket('root'), 400, 'bucket_not_unique');
  assertRefused(await storage.createBucket(''), 400, 'validation_error');
  assertRefused(await storage.createBucket(freshName(), true, [1]), 400, 'validation_error');
});

test('a bucket exists under its name and its id', async () => {
  const { storage } = await own();
  const { data: made } = granted(await storage.createBucket(freshName()));

  assert.equal(granted(await storage.bucket(made.name).exists()).data, true);
  assert.equal(granted(await storage.bucket(made._id).exists()).data, true);
  assert.equal(granted(await storage.bucket(freshName()).exists()).data, false);
  assert.equal(granted(await storage.bucket('root').exists()).data, true);
});

test('getInfo gives the bucket, and totals where asked for', async () => {
  const { storage } = await own();
  const { data: made } = granted(await storage.createBucket(freshName()));
  const bucket = storage.bucket(made.name);
  granted(await bucket.upload('a.txt', 'four'));
  granted(await bucket.upload('b.txt', 'eight___'));

  assert.deepEqual(granted(await bucket.getInfo()).data, made);
  assert.deepEqual(granted(await storage.bucket(made._id).getInfo()).data, made);
  assert.deepEqual(granted(await bucket.getInfo(true)).data, {
    ...made,
    objectsCount: 2,
    totalStorageSize: 12,
    averageObjectSize: 6,
    minObjectSize: 4,
    maxObjectSize: 8,
  });
});

test('every call but exists is refused on a bucket that is not there', async () => {
  const { storage } = await own();
  const bucket = storage.bucket('nowhere');

  for (const call of [
    bucket.getInfo(),
    bucket.empty(),
    bucket.rename(freshName()),
    bucket.delete(),
    bucket.makePublic(),
    bucket.makePrivate(),
    bucket.listFiles(),
    bucket.upload('a.txt', 'hello'),
    bucket.deleteFiles(['a.txt']),
    bucket.addTags('a'),
    bucket.removeTags('a'),
    bucket.updateInfo(freshName(), true, []),
  ]) {
    const result = await call;
    assertRefused(result, 400, 'bucket_not_found');
    assert.equal(result.errors.items[0].message, "Cannot identify the bucket 'nowhere'");
  }
});

test('rename gives the bucket under its new name', async () => {
  const { storage } = await own();
  const { data: made } = granted(await storage.createBucket(freshName()));
  const { data: other } = granted(await storage.createBucket(freshName()));
  const name = freshName();

  const { data } = granted(await storage.bucket(made.name).rename(name));

  assert.deepEqual(data, { ...made, name, updatedAt: data.updatedAt });
  assert.equal(granted(await storage.bucket(made.name).exists()).data, false);
  assertRefused(await storage.bucket(name).rename(other.name), 400, 'bucket_not_unique');
});

test('makePublic and makePrivate tell the state, also where it is that already', async () => {
  const { storage } = await own();
  const bucket = storage.bucket(granted(await storage.createBucket(freshName())).data.name);

  assert.equal(granted(await bucket.makePublic()).data.isPublic, true);
  assert.equal(granted(await bucket.makePrivate()).data.isPublic, false);
  assert.equal(granted(await bucket.makePrivate()).data.isPublic, false);
  assert.equal(granted(await bucket.makePublic()).data.isPublic, true);
});

test('includeFiles changes the files with their bucket', async () => {
  const { storage } = await own();
  const bucket = storage.bucket(granted(await storage.createBucket(freshName())).data.name);
  const { data: file } = granted(await bucket.upload('a.txt', 'hello'));
  const isPublic = async () => granted(await bucket.file('a.txt').getInfo()).data.isPublic;

  granted(await bucket.makePrivate());
  assert.equal(await isPublic(), true);
  granted(await bucket.makePrivate(true));
  assert.equal(await isPublic(), false);
  assert.equal((await fetch(file.publicPath)).status, 403);
  granted(await bucket.makePublic(true));
  assert.equal(await isPublic(), true);
});

test('tags are added and removed, one or several', async () => {
  const { storage } = await own();
  const bucket = storage.bucket(granted(await storage.createBucket(freshName(), true, ['a'])).data.name);

  assert.deepEqual(granted(await bucket.addTags('b')).data.tags, ['a', 'b']);
  assert.deepEqual(granted(await bucket.addTags(['b', 'c', 'd'])).data.tags, ['a', 'b', 'c', 'd']);
  assert.deepEqual(granted(await bucket.removeTags('a')).data.tags, ['b', 'c', 'd']);
  assert.deepEqual(granted(await bucket.removeTags(['b', 'c', 'none'])).data.tags, ['d']);
});

test('updateInfo sets name, privacy and tags at once', async () => {
  const { storage } = await own();
  const { data: made } = granted(await storage.createBucket(freshName()));
  const bucket = storage.bucket(made._id);
  granted(await bucket.upload('a.txt', 'hello'));
  const name = freshName();

  const { data } = granted(await bucket.updateInfo(name, false, ['x'], true));

  assert.deepEqual(data, { ...made, name, isPublic: false, tags: ['x'], updatedAt: data.updatedAt });
  assert.equal(granted(await bucket.file('a.txt').getInfo()).data.isPublic, false);
});

test('listBuckets has root and the own buckets, filtered, sorted and in pages', async () => {
  await own().then(({ storage }) => storage.createBucket(freshName()));
  const { storage } = await own();
  const names = [freshName(), freshName(), freshName()].sort();
  for (const name of [names[1], names[2], names[0]]) {
    granted(await storage.createBucket(name, name !== names[0], ['t']));
  }
  const listed = async (...query) => granted(await storage.listBuckets(...query)).data.map((row) => row.name);

  assert.deepEqual((await listed()).sort(), [...names, 'root']);
  assert.deepEqual(await listed('isPublic == false'), [names[0]]);
  const descending = await listed('STARTSWITH(name, "bucket")', { sort: { field: 'name', direction: 'desc' } });
  assert.deepEqual(descending, [...names].reverse());
  assert.deepEqual(await listed({ sort: { field: 'name', direction: 'asc' }, limit: 2 }), names.slice(0, 2));
  const query = { page: 2, limit: 2, sort: { field: 'name', direction: 'asc' }, returnCountInfo: true };
  const { info, data } = granted(await storage.listBuckets('name != "root"', query)).data;
  assert.deepEqual(info, { count: 3, totalPages: 2, currentPage: 2, pageSize: 2 });
  assert.deepEqual(data.map((row) => row.name), [names[2]]);
  assertRefused(await storage.listBuckets('name =='), 400, 'invalid_expression');
});

test('empty removes the files, delete the bucket with them', async () => {
  const { storage } = await own();
  const name = freshName();
  granted(await storage.createBucket(name));
  const bucket = storage.bucket(name);
  granted(await bucket.upload('a.txt', 'hello'));

  granted(await bucket.empty());
  assert.deepEqual(granted(await bucket.listFiles()).data, []);

  const { data: file } = granted(await bucket.upload('b.txt', 'hello'));
  granted(await bucket.delete());
  assert.equal(granted(await bucket.exists()).data, false);
  assert.equal((await fetch(file.publicPath)).status, 404);
});

test('deleteFiles removes by name and by id, and missing names are no error', async () => {
  const { storage } = await own();
  const name = freshName();
  granted(await storage.createBucket(name));
  const bucket = storage.bucket(name);
  granted(await bucket.upload('a.txt', 'a'));
  const { data: b } = granted(await bucket.upload('b.txt', 'b'));
  granted(await bucket.upload('c.txt', 'c'));

  granted(await bucket.deleteFiles(['a.txt', b._id, 'none.txt']));

  assert.deepEqual(granted(await bucket.listFiles()).data.map((file) => file.fileName), ['c.txt']);
});

test('getStats counts the own files', async () => {
  const { storage } = await own();
  granted(await storage.bucket('root').upload('a.txt', 'four'));

  assert.deepEqual(granted(await storage.getStats()).data, {
    objectsCount: 1,
    totalStorageSize: 4,
    averageObjectSize: 4,
    minObjectSize: 4,
    maxObjectSize: 4,
    bucketsCount: 1,
  });
});

test('root cannot be renamed, changed or deleted', async () => {
  const { storage } = await own();
  const root = storage.bucket('root');

  for (const call of [
    root.rename(freshName()),
    root.delete(),
    root.makePrivate(),
    root.addTags('a'),
    root.updateInfo(freshName(), false, []),
  ]) {
    assertRefused(await call, 403, 'unauthorized');
  }
  const { data } = granted(await root.getInfo());
  assert.deepEqual([data.name, data.isPublic], ['root', true]);
});

test("other people's buckets cannot be changed, private ones not even seen", async () => {
  const { storage: theirs } = await own();
  const { storage } = await own();
  const { data: open } = granted(await theirs.createBucket(freshName()));
  const { data: closed } = granted(await theirs.createBucket(freshName(), false));

  assertRefused(await storage.bucket(open.name).delete(), 403, 'unauthorized');
  assertRefused(await storage.bucket(open.name).makePrivate(), 403, 'unauthorized');
  assert.equal(granted(await storage.bucket(closed.name).exists()).data, false);
  assertRefused(await storage.bucket(closed.name).getInfo(), 400, 'bucket_not_found');
  assertRefused(await storage.bucket(closed.name).upload('a.txt', 'x'), 400, 'bucket_not_found');
});

test('storage needs a session or the API key', async () => {
  const { storage } = server.client();

  assertRefused(await storage.createBucket(freshName()), 401, 'missing_session_token');
  assertRefused(await storage.listBuckets(), 401, 'missing_session_token');
  assertRefused(await storage.getStats(), 401, 'missing_session_token');

  const trusted = server.clientWithApiKey().storage;
  const { data } = granted(await trusted.createBucket(freshName()));
  assert.equal(data.userId ?? null, null);
  granted(await trusted.bucket(data.name).delete());
});
