import test from 'ava';
import { clusterListenAddress, formatHostPort, parseHostPort } from '#server/cluster/address.ts';

const ADDRESSES: readonly (readonly [string, string | undefined])[] = [
  ['127.0.0.1:8201', '127.0.0.1:8201'],
  ['https://vault-0.vault-internal:8201', 'vault-0.vault-internal:8201'],
  ['https://vault-0:8201/', 'vault-0:8201'],
  ['[::1]:8201', '[::1]:8201'],
  ['[::]:0', '[::]:0'],
  ['::1:8201', undefined],
  ['vault-0', undefined],
  [':8201', undefined],
  ['vault-0:', undefined],
  ['vault-0:65536', undefined],
  ['vault-0:1e3', undefined],
  ['vault-0:-1', undefined],
  ['a b:1', undefined],
  ['a/b:1', undefined],
  ['user@host:1', undefined],
  ['[]:1', undefined],
  ['', undefined],
];

for (const [text, expected] of ADDRESSES) {
  test(`the address ${JSON.stringify(text)} is ${expected ?? 'none'}`, (t) => {
    const found = parseHostPort(text);
    t.is(found && formatHostPort(found), expected);
  });
}

const LISTENERS = [
  ['tcp', '127.0.0.1:8200', '', '127.0.0.1:8201'],
  ['tcp', '[::]:8200', '[::]:8201', '[::]:8201'],
  ['tcp', '127.0.0.1:8200', '10.0.0.1:9999', '10.0.0.1:9999'],
  ['tcp', ':8200', '', '0.0.0.0:8201'],
  ['tcp', '127.0.0.1:0', '', '127.0.0.1:0'],
  ['unix', '/run/vault.sock', '', undefined],
  ['unix', '/run/vault.sock', '127.0.0.1:8201', '127.0.0.1:8201'],
] as const;

for (const [type, address, cluster, expected] of LISTENERS) {
  test(`the cluster port of a ${type} listener at ${address} (${cluster}) is ${expected}`, (t) => {
    const found = clusterListenAddress({ type, address, cluster_address: cluster });
    t.is(found && formatHostPort(found), expected);
  });
}
