import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/** A minute until the schedules fire, and then as long as drills take where all processors are busy. */
const patience = 10 * 60_000;

/** The last part: from now on a backup of each job is restored elsewhere every minute, and leaves evidence of that. */
export async function playDrills(stage: Stage, yaml: string): Promise<void> {
  stage.title('Drills: can it be restored, today?');
  stage.say(
    'A backup that nobody has restored is a hope. From now on each job also has a schedule for drills, every minute',
  );
  stage.say("here (`drill: { schedule: '* * * * *' }`):\n");
  const drilled = yaml.replaceAll('    storage: main\n', "$&    drill: { schedule: '* * * * *' }\n");
  await stage.configure(drilled);
  await stage.holdfast('start-schedule', '--yes');
  stage.say('\nA drill restores the newest backup into a Consul or etcd of its own, or beside the indices,');
  stage.say('compares, measures, and throws it away. Waiting for the schedules …\n');
  const jobs = [...drilled.matchAll(/^ {2}(\S+):\n {4}storage: main$/gm)].map(([, job = '']) => job);
  for (const job of jobs) {
    await evidenceOf(stage, job);
    await stage.holdfast('show', job);
    stage.say('');
  }
}

interface Listed {
  readonly drill: { readonly outcome: string } | null;
}

async function evidenceOf(stage: Stage, job: string): Promise<void> {
  const end = Date.now() + patience;
  for (;;) {
    const lines = (await stage.ask('list', job)).trim().split('\n');
    const outcomes = lines.map((line) => (JSON.parse(line) as Listed).drill?.outcome);
    if (outcomes.includes('proven')) return;
    if (outcomes.includes('failed')) throw new Error(`A drill of ${job} failed.`);
    if (Date.now() > end) throw new Error(`No drill of ${job} has left evidence.`);
    await sleep(2000);
  }
}
