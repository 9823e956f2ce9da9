import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import { parseStyle, type DeviceOptions } from '#server/audit/options.ts';
import { parseFileOptions } from '#server/audit/devices/file.ts';
import { parseSocketOptions } from '#server/audit/devices/socket.ts';

test('everything is hashed unless the options say otherwise', (t) => {
  t.deepEqual(parseStyle({}, false), {
    format: 'json',
    isRaw: false,
    hashesAccessors: true,
    elidesLists: false,
    prefix: '',
  });
  const options = {
    format: 'jsonx',
    log_raw: 'true',
    hmac_accessor: 'false',
    elide_list_responses: '1',
    prefix: '@cee: ',
  };
  t.deepEqual(parseStyle(options, true), {
    format: 'jsonx',
    isRaw: true,
    hashesAccessors: false,
    elidesLists: true,
    prefix: '@cee: ',
  });
});

const FILES: readonly (readonly [DeviceOptions, string, number | undefined])[] = [
  [{ file_path: '/l/a.log' }, '/l/a.log', 0o600],
  [{ path: '/l/a.log', mode: '0640' }, '/l/a.log', 0o640],
  [{ file_path: '/l/a.log', path: '/l/b.log', mode: '640' }, '/l/a.log', 0o640],
  [{ file_path: 'STDOUT' }, 'stdout', 0o600],
  [{ file_path: 'discard', mode: '0000' }, 'discard', undefined],
];

for (const [options, path, mode] of FILES) {
  test(`a file of ${JSON.stringify(options)}`, (t) => {
    t.deepEqual(parseFileOptions(options), { path, mode });
  });
}

const address = (options: DeviceOptions) => parseSocketOptions(options).address;

test('an address may be of a host, of an IPv6 host, and of a Unix socket', (t) => {
  t.deepEqual(address({ address: 'log:514' }), { type: 'tcp', host: 'log', port: 514 });
  t.deepEqual(address({ address: ':514' }), { type: 'tcp', host: 'localhost', port: 514 });
  t.deepEqual(address({ address: '[::1]:514', socket_type: 'udp' }), {
    type: 'udp',
    host: '::1',
    port: 514,
  });
  t.deepEqual(address({ address: '/run/log', socket_type: 'unix' }), {
    type: 'unix',
    path: '/run/log',
  });
});

const timeout = (write_timeout?: string) =>
  parseSocketOptions({ address: 'a:1', ...(write_timeout && { write_timeout }) }).writeTimeout;

test('a write may take two seconds, or what was chosen', (t) => {
  t.is(timeout(), millis(2000));
  t.is(timeout('500ms'), millis(500));
  t.is(timeout('3'), millis(3000));
});

const file = (options: DeviceOptions) => () => parseFileOptions(options);
const socket = (options: DeviceOptions) => () => parseSocketOptions(options);
const style = (options: DeviceOptions) => () => parseStyle(options, false);

const REFUSED: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['no path', file({}), /^file_path is required$/],
  ['an empty path', file({ path: '' }), /^file_path is required$/],
  ['a path that ends early', file({ file_path: '/a\0b' }), /^file_path is invalid$/],
  ['a mode that is no number', file({ file_path: '/a', mode: 'rw' }), /invalid syntax/],
  ['a mode beyond octal', file({ file_path: '/a', mode: '0699' }), /invalid syntax/],
  ['a mode that allows execution', file({ file_path: '/a', mode: '0755' }), /execution/],
  ['execution for others', file({ path: '/a', mode: '0641' }), /execution/],
  ['a mode with setuid', file({ file_path: '/a', mode: '4600' }), /regular file/],
  ['a mode of a link', file({ file_path: '/a', mode: '120600' }), /regular file/],
  ['no address', socket({}), /^address is required$/],
  ['an address without a port', socket({ address: 'log' }), /host:port/],
  ['a port out of range', socket({ address: 'log:70000' }), /host:port/],
  ['port 0', socket({ address: 'log:0' }), /host:port/],
  ['another kind of socket', socket({ address: 'a:1', socket_type: 'sctp' }), /socket_type/],
  ['a timeout that is none', socket({ address: 'a:1', write_timeout: 'soon' }), /duration/],
  ['no time at all', socket({ address: 'a:1', write_timeout: '0' }), /between/],
  ['too much time', socket({ address: 'a:1', write_timeout: '1h' }), /between/],
  ['another format', style({ format: 'xml' }), /^unknown format type "xml"$/],
  ['a flag that is none', style({ log_raw: 'maybe' }), /^strconv.ParseBool: parsing "maybe": /],
  ['a prefix without leave', style({ prefix: '#!/bin/sh\n' }), /allow_audit_log_prefixing/],
  ['a prefix of two lines', () => parseStyle({ prefix: 'a\nb' }, true), /control characters/],
  ['a prefix that is a text', () => parseStyle({ prefix: 'x'.repeat(300) }, true), /too long/],
  ['what another edition has', style({ filter: 'x' }), /^enterprise-only options supplied/],
];

for (const [name, parse, message] of REFUSED) {
  test(`refuses ${name}`, (t) => {
    const error = t.throws(parse, { instanceOf: ClientError, message });
    t.is(error?.status, 400);
  });
}
