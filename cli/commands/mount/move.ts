// Moves a mount: the server does it in the background and is asked until it is done.
import type { Client } from '../../client/client.ts';
import { object, text } from '../../client/secret.ts';
import { orFail } from '../../failure.ts';
import type { Host } from '../../host.ts';
import type { Ui } from '../../ui.ts';

/** Between two questions. */
const POLL_MILLISECONDS = 10_000;

export interface Move {
  /** What is moved: `secrets engine` or `auth method`. */
  readonly thing: string;
  readonly from: string;
  readonly to: string;
}

export async function moveMount(
  { thing, from, to }: Move,
  client: Client,
  { ui, host }: { readonly ui: Ui; readonly host: Host },
): Promise<number> {
  const moving = `moving ${thing} ${from} to ${to}`;
  const request = client.fetch('POST', 'sys/remount', { body: { from, to } });
  const id = text((await orFail(`Error ${moving}`, request))['migration_id']);
  ui.output(`Started ${moving}, with migration ID ${id}`);
  for (;;) {
    const state = await orFail(
      `Error checking migration status of ${thing} ${from} to ${to}`,
      client.fetch('GET', `sys/remount/status/${id}`),
    );
    const status = text(object(state['migration_info'])?.['status']);
    if (status === 'success') {
      ui.output(`Success! Finished ${moving}, with migration ID ${id}`);
      return 0;
    }
    if (status === 'failure') {
      ui.error(`Failure! Error encountered ${moving}, with migration ID ${id}`);
      return 0;
    }
    ui.output(
      `Waiting for terminal status in migration of ${thing} ${from} to ${to}, with migration ID ${id}`,
    );
    await host.sleep(POLL_MILLISECONDS);
  }
}
