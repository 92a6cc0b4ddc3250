import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { assertRefused, downloaded, granted, startServer, withBucket } from './support.mjs';

const server = await startServer();
after(() => server.stop());

const own = () => withBucket(server);

test('exists is false for a missing file of an existing bucket', async () => {
  const { bucket, storage } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));

  assert.equal(granted(await bucket.file('a.txt').exists()).data, true);
  assert.equal(granted(await bucket.file(data._id).exists()).data, true);
  assert.equal(granted(await bucket.file('none.txt').exists()).data, false);
  assertRefused(await storage.bucket('nowhere').file('a.txt').exists(), 400, 'bucket_not_found');
});

test('every call but exists is refused on a file that is not there', async () => {
  const { bucket } = await own();
  const file = bucket.file('none.txt');

  for (const call of [
    file.getInfo(),
    file.makePublic(),
    file.makePrivate(),
    file.download(),
    file.rename('b.txt'),
    file.duplicate(),
    file.delete(),
    file.replace('hello'),
    file.moveTo('root'),
    file.copyTo('root'),
    file.addTags('a'),
    file.removeTags('a'),
    file.updateInfo('b.txt', true, []),
  ]) {
    assertRefused(await call, 400, 'file_not_found');
  }
});

test('getInfo gives what upload gave, by name and by id', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));

  assert.deepEqual(granted(await bucket.file('a.txt').getInfo()).data, data);
  assert.deepEqual(granted(await bucket.file(data._id).getInfo()).data, data);
});

test('rename gives the file under its new name and a number where it is taken', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));
  granted(await bucket.upload('b.txt', 'other'));

  const renamed = granted(await bucket.file('a.txt').rename('c.txt')).data;
  assert.deepEqual(renamed, { ...data, fileName: 'c.txt', updatedAt: renamed.updatedAt });
  assert.equal(granted(await bucket.file('a.txt').exists()).data, false);
  assert.equal(granted(await bucket.file('c.txt').rename('b.txt')).data.fileName, 'b-1.txt');
});

test('makePrivate and makePublic tell the state, also where it is that already', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));
  const file = bucket.file('a.txt');

  assert.equal(granted(await file.makePublic()).data.isPublic, true);
  assert.equal(granted(await file.makePrivate()).data.isPublic, false);
  assert.equal(granted(await file.makePrivate()).data.isPublic, false);
  assert.equal((await fetch(data.publicPath)).status, 403);
  assert.equal(granted(await file.makePublic()).data.isPublic, true);
  assert.equal((await fetch(data.publicPath)).status, 200);
});

test('duplicate makes another file with the same bytes', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello', { tags: ['t'] }));

  const named = granted(await bucket.file('a.txt').duplicate('b.txt')).data;
  const numbered = granted(await bucket.file('a.txt').duplicate()).data;

  assert.deepEqual([named.fileName, numbered.fileName], ['b.txt', 'a-1.txt']);
  assert.notEqual(named._id, data._id);
  granted(await bucket.file('a.txt').delete());
  assert.equal((await downloaded(bucket.file('b.txt'))).text, 'hello');
});

test('delete removes the file', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));

  granted(await bucket.file('a.txt').delete());

  assert.equal(granted(await bucket.file('a.txt').exists()).data, false);
  assert.equal((await fetch(data.publicPath)).status, 404);
});

test('deleteFile removes by public path', async () => {
  const { bucket, storage } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));

  granted(await storage.deleteFile(data.publicPath));

  assert.equal(granted(await bucket.file('a.txt').exists()).data, false);
  assertRefused(await storage.deleteFile(data.publicPath), 400, 'file_not_found');
  assertRefused(await storage.deleteFile('no URL'), 400, 'file_not_found');
});

test('replace keeps name and place and changes the content', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello', { tags: ['t'] }));

  const { data: replaced } = granted(
    await bucket.file('a.txt').replace(Buffer.from('<p>'), { contentType: 'text/html; charset=utf-8' }),
  );

  const { updatedAt } = replaced;
  assert.deepEqual(replaced, { ...data, size: 3, mimeType: 'text/html', updatedAt });
  assert.equal(await (await fetch(data.publicPath)).text(), '<p>');
});

test('moveTo takes the file to another bucket', async () => {
  const { bucket, storage, user } = await own();
  const name = `${user._id}.txt`;
  const { data } = granted(await bucket.upload(name, 'hello'));
  const { data: root } = granted(await storage.bucket('root').getInfo());

  const moved = granted(await bucket.file(name).moveTo('root')).data;

  assert.deepEqual([moved._id, moved.bucketId, moved.fileName], [data._id, root._id, name]);
  assert.equal(granted(await bucket.file(name).exists()).data, false);
  assert.equal(await (await fetch(moved.publicPath)).text(), 'hello');
  assertRefused(await storage.bucket('root').file(name).moveTo('nowhere'), 400, 'bucket_not_found');
});

test('copyTo leaves the file where it is', async () => {
  const { bucket, storage, user } = await own();
  const name = `${user._id}.txt`;
  granted(await bucket.upload(name, 'hello'));

  const first = granted(await bucket.file(name).copyTo('root')).data;
  const second = granted(await bucket.file(name).copyTo('root')).data;

  assert.deepEqual([first.fileName, second.fileName], [name, `${user._id}-1.txt`]);
  assert.equal(granted(await bucket.file(name).exists()).data, true);
  assert.equal((await downloaded(storage.bucket('root').file(name))).text, 'hello');
});

test('tags are added and removed, one or several', async () => {
  const { bucket } = await own();
  granted(await bucket.upload('a.txt', 'hello', { tags: ['a'] }));
  const file = bucket.file('a.txt');

  assert.deepEqual(granted(await file.addTags('b')).data.tags, ['a', 'b']);
  assert.deepEqual(granted(await file.addTags(['b', 'c'])).data.tags, ['a', 'b', 'c']);
  assert.deepEqual(granted(await file.removeTags('a')).data.tags, ['b', 'c']);
  assert.deepEqual(granted(await file.removeTags(['c', 'none'])).data.tags, ['b']);
});

test('updateInfo sets name, privacy and tags at once', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));

  const updated = granted(await bucket.file('a.txt').updateInfo('b.txt', false, ['x', 'y'])).data;

  const changes = { fileName: 'b.txt', isPublic: false, tags: ['x', 'y'], updatedAt: updated.updatedAt };
  assert.deepEqual(updated, { ...data, ...changes });
});

test('listFiles filters, sorts and cuts into pages', async () => {
  const { bucket } = await own();
  for (const [name, text] of [['b.txt', 'bb'], ['a.txt', 'aaaa'], ['c.png', 'c']]) {
    granted(await bucket.upload(name, text, { isPublic: name !== 'c.png', tags: [name[0]] }));
  }
  const names = (files) => files.map((file) => file.fileName);
  const listed = async (...query) => names(granted(await bucket.listFiles(...query)).data);

  assert.deepEqual(await listed(), ['b.txt', 'a.txt', 'c.png']);
  assert.deepEqual(await listed('fileName == "a.txt"'), ['a.txt']);
  assert.deepEqual(await listed('isPublic == true && size > 2'), ['a.txt']);
  assert.deepEqual(await listed('INCLUDES(tags, "c")'), ['c.png']);
  assert.deepEqual(await listed({ sort: { field: 'size', direction: 'desc' } }), ['a.txt', 'b.txt', 'c.png']);
  const page = { page: 2, limit: 2, sort: { field: 'fileName', direction: 'asc' }, returnCountInfo: true };
  const { info, data } = granted(await bucket.listFiles(page)).data;
  assert.deepEqual(info, { count: 3, totalPages: 2, currentPage: 2, pageSize: 2 });
  assert.deepEqual(names(data), ['c.png']);
  assertRefused(await bucket.listFiles('size >'), 400, 'invalid_expression');
});

test('searchFiles looks through all buckets', async () => {
  const { bucket, storage, user } = await own();
  granted(await bucket.upload('a.txt', 'a'));
  granted(await storage.bucket('root').upload(`${user._id}.txt`, 'b'));
  const expression = 'ENDSWITH(fileName, ".txt")';

  const { data } = granted(await storage.searchFiles(expression));
  assert.deepEqual(data.map((file) => file.fileName), ['a.txt', `${user._id}.txt`]);
  const counted = granted(await storage.searchFiles(expression, { limit: 1, returnCountInfo: true })).data;
  assert.deepEqual(counted.info, { count: 2, totalPages: 2, currentPage: 1, pageSize: 1 });
});

test("other people's files are read while public, and never changed", async () => {
  const theirs = await own();
  const { storage } = await own();
  granted(await theirs.bucket.upload('open.txt', 'hello'));
  granted(await theirs.bucket.upload('closed.txt', 'hello', { isPublic: false }));
  const { data: open } = granted(await theirs.bucket.file('open.txt').getInfo());
  const bucket = storage.bucket(theirs.name);

  assert.equal((await downloaded(bucket.file('open.txt'))).text, 'hello');
  assertRefused(await bucket.file('open.txt').delete(), 403, 'unauthorized');
  assertRefused(await bucket.file('open.txt').replace('bye'), 403, 'unauthorized');
  assertRefused(await storage.deleteFile(open.publicPath), 403, 'unauthorized');
  assertRefused(await bucket.file('closed.txt').download(), 400, 'file_not_found');
  assert.equal(granted(await bucket.file('closed.txt').exists()).data, false);
  assert.deepEqual(granted(await bucket.listFiles()).data, []);
});
