import { startAll } from '../../services/all.ts';

/** A process of its own, to be killed by lifeline.real.test.ts: starts the set and prints its process ids. */
const { temporal, consul, s3 } = await startAll(process.argv[2] ?? '');
process.stdout.write(`${JSON.stringify([temporal.pid, consul.pid, s3.pid])}\n`);
