'use strict';

/** Reading requests within bounds, and answering them. */
const { createReadStream } = require('node:fs');
const { pipeline } = require('node:stream');

const MAX_BODY = 1_000;
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** An answer that is no success: a code for programs, and a sentence for people. */
class HttpError extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}

/** Reads a form. What is longer than any honest one is not read to its end. */
async function readForm(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY) throw new HttpError(413, 'too_long', 'This form is too long.');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** A page of another site cannot act in the name of a visitor: browsers name the site that asks. */
function refuseOtherSites({ headers }) {
  if (headers.origin === undefined) return;
  if (!URL.canParse(headers.origin) || new URL(headers.origin).host !== headers.host) {
    throw new HttpError(403, 'other_site', 'Only pages of this chat may ask for this.');
  }
}

function cookieOf({ headers }, name) {
  const pairs = (headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1] ?? '';
}

function reply(response, status, body, headers = {}) {
  response.writeHead(status, { ...HEADERS, ...headers, 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendFile(response, [type, file]) {
  response.writeHead(200, { ...HEADERS, 'Content-Type': `${type}; charset=utf-8` });
  // Not `pipe`: it leaves the file open if the browser goes away meanwhile.
  pipeline(createReadStream(file), response, () => undefined);
}

/** Never tells what an unexpected error says: that is for the log. */
function sendError(response, error) {
  if (error instanceof HttpError) {
    const { status, code, message, headers } = error;
    return reply(response, status, { error: { code, message } }, headers);
  }
  // A request that was aborted is no fault.
  if (response.destroyed) return undefined;
  console.error(error);
  return reply(response, 500, { error: { code: 'server_error', message: 'Something went wrong here.' } });
}

module.exports = { HttpError, cookieOf, readForm, refuseOtherSites, reply, sendError, sendFile };
