// What the browser tests need: Chromium, and apps on origins of their own.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

const BUNDLE = createRequire(import.meta.url).resolve('altogic/dist/umd/altogic.js');
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Starting processes is most of what these tests take.
  '--renderer-process-limit=1',
];

/** Debian's Chromium, or the one that `CHROMIUM` names, without a window. */
export function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** Serves one empty page with the client in it, at every path of a port of its own. */
export async function serveApp() {
  const bundle = await readFile(BUNDLE);
  const page = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>App</title>'
    + '<script src="/altogic.js"></script>';
  const http = createServer((request, response) => {
    const isBundle = request.url === '/altogic.js';
    response.setHeader('content-type', isBundle ? 'text/javascript' : 'text/html');
    response.end(isBundle ? bundle : page);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    origin: `http://127.0.0.1:${http.address().port}`,
    stop: async () => {
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
}
