import { parseArgs } from 'node:util';
import { createStage } from './stage.ts';
import { lookAround, play } from './play.ts';

const help = `npm run demo [-- --exit]

The main job of Holdfast on real servers, from nothing: starts Temporal, Consul, etcd and an S3 server, fills
Consul, schedules and takes a backup, breaks Consul, restores it by a signal, and proves that it is as it was. Then a
snapshot of etcd becomes a new etcd, and brings keys back into the living one; and where there is a JDK 21 or later, an
index of OpenSearch comes back from its snapshot, and single documents from their backup. At last, schedules restore
backups of all of them elsewhere, and leave evidence of that. Everything stays, for looking around, until Ctrl-C. What is not on this machine is built the first time (Go is needed for that, and Maven for
OpenSearch), which takes about a quarter of an hour.

  --exit   end when the job is shown
  --help   this text
`;

const { values } = parseArgs({
  options: { exit: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  process.stdout.write(help);
} else {
  process.stdout.write(
    'Holdfast protects the stores that hold the state of a platform. This shows its main job, from nothing, in three\n' +
      'minutes: a backup, an accident, a restore, and the proof.\n\nStarting Temporal, Consul, etcd, an S3 server and, where there is a JDK, OpenSearch …\n',
  );
  const stage = await createStage();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stage.interrupt());
  }
  try {
    await play(stage);
    if (values.exit !== true) {
      lookAround(stage);
      await stage.untilInterrupted();
    }
  } catch (error) {
    if (!stage.interrupted()) {
      process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
  } finally {
    process.stdout.write('\nStopping the worker and the servers …\n');
    await stage.close();
  }
}
