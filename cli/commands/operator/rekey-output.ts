// How far a rekey is, and the keys that it makes.
import { count, type JsonObject, text, texts } from '../../client/secret.ts';
import { show } from '../../format/go.ts';
import { printData } from '../../format/output.ts';
import { table } from '../../format/table.ts';
import { wrap } from '../../format/wrap.ts';
import type { Ui } from '../../ui.ts';

export async function printState(ui: Ui, state: JsonObject): Promise<number> {
  if (ui.format !== 'table') return printData(ui, structure(state));
  const rows = [
    ['Nonce', text(state['nonce'])],
    ['Started', String(state['started'] === true)],
  ];
  if (state['started'] === true) {
    rows.push(
      ['Progress', `${count(state['progress'])}/${count(state['required'] ?? state['t'])}`],
      ['New Shares', show(state['n'])],
      ['New Threshold', show(state['t'])],
      ['Verification Required', String(state['verification_required'] === true)],
    );
    const nonce = text(state['verification_nonce']);
    if (nonce !== '') rows.push(['Verification Nonce', nonce]);
  }
  const fingerprints = texts(state['pgp_fingerprints']) ?? [];
  if (fingerprints.length > 0) {
    rows.push(
      ['PGP Fingerprints', show(fingerprints)],
      ['Backup', String(state['backup'] === true)],
    );
  }
  ui.output(table(['Key', 'Value'], rows));
  return 0;
}

const structure = (state: JsonObject): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['nonce', text(state['nonce'])],
    ['started', state['started'] === true],
    ['t', count(state['t'])],
    ['n', count(state['n'])],
    ['progress', count(state['progress'])],
    ['required', count(state['required'])],
    ['pgp_fingerprints', texts(state['pgp_fingerprints']) ?? null],
    ['backup', state['backup'] === true],
    ['verification_required', state['verification_required'] === true],
    ['verification_nonce', text(state['verification_nonce'])],
  ]);

/** The new keys: this is the only time that they are shown. */
export async function printNewKeys(ui: Ui, state: JsonObject, answer: JsonObject): Promise<number> {
  if (ui.format !== 'table') return printData(ui, answer);
  const fingerprints = texts(answer['pgp_fingerprints']) ?? [];
  const keys = texts(answer['keys_base64']) ?? texts(answer['keys']) ?? [];
  ui.output('');
  for (const [index, key] of keys.entries()) {
    const fingerprint = fingerprints[index];
    const owner = fingerprint === undefined ? '' : ` fingerprint: ${fingerprint}; value`;
    ui.output(`Key ${index + 1}${owner}: ${key}`);
  }
  ui.output(`\nOperation nonce: ${text(answer['nonce'])}\n`);
  if (fingerprints.length > 0 && answer['backup'] === true) ui.output(`${wrap(BACKED_UP)}\n`);
  ui.output(wrap(advice(state, answer)));
  return 0;
}

const BACKED_UP =
  'The encrypted unseal keys are backed up to "core/unseal-keys-backup" in the storage backend. Remove these keys at any time using "vault operator rekey -backup-delete". Vault does not automatically remove these keys.';

function advice(state: JsonObject, answer: JsonObject): string {
  const [shares, threshold] = [count(state['n']), count(state['t'])];
  const distribute = `Please securely distribute the key shares printed above. When Vault is re-sealed, restarted, or stopped, you must supply at least ${threshold} of these keys to unseal it before it can start servicing requests.`;
  if (state['verification_required'] !== true) {
    return `Vault unseal keys rekeyed to ${shares} key shares and a key threshold of ${threshold}. ${distribute}`;
  }
  const nonce = text(answer['verification_nonce']);
  return `Vault has created a new unseal key, split into ${shares} key shares and a key threshold of ${threshold}. These will not be active until after verification is complete: run "vault operator rekey -verify -nonce=${nonce}" with the new keys. ${distribute}`;
}
