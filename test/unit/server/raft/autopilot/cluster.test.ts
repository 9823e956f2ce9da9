// Autopilot over a cluster whose nodes really come and go: who is gone for good is removed, and stays out.
import test from 'ava';
import { millis, type Clock } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import { Autopilot } from '#server/raft/autopilot/autopilot.ts';
import { configOf } from '#server/raft/autopilot/config.ts';
import type { NodeId } from '#raft/types.ts';
import { batch, RaftNodes, textOf } from '#test/helpers/raft-nodes.ts';

const quiet = (): void => {};

/** Shorter than operators may have it: simulated time costs real time. */
const DEAD_AFTER = seconds(3);

function watch(nodes: RaftNodes, id: string): Autopilot {
  const { timer } = nodes;
  const clock: Clock = {
    now: () => millis(timer.now()),
    after: (delay, action) => timer.after(delay, action),
  };
  const autopilot = new Autopilot({
    clock,
    log: { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet },
    storage: nodes.node(id).storage,
    config: () =>
      configOf({
        cleanup_dead_servers: true,
        min_quorum: 3,
        last_contact_threshold: seconds(1),
        dead_server_last_contact_threshold: DEAD_AFTER,
      }),
    updateInterval: millis(200),
    reconcileInterval: millis(1000),
  });
  autopilot.start();
  return autopilot;
}

test('a dead voter goes, one more does not, and who was removed stays out', async (t) => {
  const nodes = await RaftNodes.start(['a', 'b', 'c', 'd']);
  const { storage } = nodes.node('a');
  const autopilot = watch(nodes, 'a');
  const ids = (): readonly NodeId[] => storage.status().configuration.map(({ id }) => id);
  const isLed = (): boolean => storage.status().role.type === 'leader';
  nodes.isolate('d');
  await nodes.run(2_500);
  t.is(ids().length, 4, 'not before its time');
  await nodes.runUntil(() => ids().length === 3);
  t.false(ids().includes('d' as NodeId));
  await nodes.until(storage.commit(batch({ key: 'value' })));

  nodes.isolate('c', 'd');
  await nodes.run(6_000);
  t.is(ids().length, 3, 'never below min_quorum');
  t.true(isLed());
  await nodes.until(storage.commit(batch({ key: 'later' })));

  nodes.heal();
  const [c, d] = [nodes.node('c').storage, nodes.node('d').storage];
  await nodes.runUntil(() => d.status().role.type === 'removed');
  await nodes.runUntil(() => textOf(c, 'key') === 'later');
  t.is(textOf(d, 'key'), undefined);
  t.true(isLed());
  await autopilot.stop();
  await nodes.close();
});
