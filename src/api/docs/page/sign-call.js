// Signs a call as docs/api.md tells it, with nothing but WebCrypto: the page that shows the API
// loads this file, and so can any other browser program.

/**
 * @typedef {object} Platform
 * @property {string} platformId
 * @property {string} token
 * @property {string} secret
 */

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} url As it is sent, with the query.
 * @property {string} body Byte for byte as it is sent; empty when there is none.
 */

const bytesOf = (/** @type {string} */ text) => new TextEncoder().encode(text);

/**
 * The four headers of a platform's call: X-Signature is the hexadecimal HMAC-SHA256, keyed with the
 * secret's text, over timestamp + METHOD + path without query + body.
 *
 * @param {Platform} platform
 * @param {Call} call
 * @param {number} nowMs Milliseconds since the Unix epoch.
 * @returns {Promise<Record<string, string>>}
 */
export async function signCall({ platformId, token, secret }, { method, url, body }, nowMs) {
  const timestamp = String(Math.floor(nowMs / 1000));
  const key = await crypto.subtle.importKey(
    'raw',
    bytesOf(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const signed = bytesOf(timestamp + method + new URL(url).pathname + body);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, signed));
  return {
    'X-Platform-Token': token,
    'X-Platform-ID': platformId,
    'X-Timestamp': timestamp,
    'X-Signature': [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  };
}

/**
 * Who may send a call is told by its path: platforms sign, operators bring a token.
 *
 * @param {string} url
 * @returns {'platform' | 'operator' | 'anybody'}
 */
export function sideOf(url) {
  const { pathname } = new URL(url);
  if (pathname.startsWith('/api/')) return 'platform';
  return pathname.startsWith('/operator/') || pathname === '/metrics' ? 'operator' : 'anybody';
}
