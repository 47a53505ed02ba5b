import type { Config } from '../config/config.ts';
import type {
  CommandActivities,
  ControlActivities,
  DataActivities,
  EcsActivities,
  ScrubActivities,
} from '../workflows/contract/activities.ts';
import { applyRestore } from './apply-restore.ts';
import { chooseBackup } from './drill/choose-backup.ts';
import { cleanDrill } from './drill/clean-drill.ts';
import { drillBackup } from './drill/drill-backup.ts';
import { recordDrill } from './drill/record-drill.ts';
import { capture } from './capture.ts';
import { describeScrub } from './describe-scrub.ts';
import { describeTask } from './describe-task.ts';
import { discard } from './discard.ts';
import { startEcs, stopEcs, watchEcs } from './ecs-tasks.ts';
import { notify } from './notify.ts';
import { planRestore } from './plan-restore.ts';
import { proveRestore } from './prove-restore.ts';
import { prune } from './prune.ts';
import { publish } from './publish.ts';
import { recordRestore } from './record-restore.ts';
import { runCommand } from './run-command.ts';
import { scrub } from './scrub.ts';
import { asActivity } from './temporal.ts';
import { backupsAtWork, describeJobWithTurn } from './turns.ts';
import { verify } from './verify.ts';

/** The steps as Temporal activities, by the queue that serves them. */
export function createActivities(config: Config): {
  readonly control: ControlActivities;
  readonly data: DataActivities;
  readonly command: CommandActivities;
  readonly ecs: EcsActivities;
  readonly scrub: ScrubActivities;
} {
  return {
    control: {
      backupsAtWork: asActivity(config, backupsAtWork),
      describeJob: asActivity(config, describeJobWithTurn),
      describeTask: asActivity(config, describeTask),
      describeScrub: asActivity(config, describeScrub),
      publish: asActivity(config, publish),
      prune: asActivity(config, prune),
      discard: asActivity(config, discard),
      chooseBackup: asActivity(config, chooseBackup),
      cleanDrill: asActivity(config, cleanDrill),
      recordDrill: asActivity(config, recordDrill),
      recordRestore: asActivity(config, recordRestore),
      notify: asActivity(config, notify),
    },
    data: {
      capture: asActivity(config, capture),
      verify: asActivity(config, verify),
      planRestore: asActivity(config, planRestore),
      applyRestore: asActivity(config, applyRestore),
      proveRestore: asActivity(config, proveRestore),
      drillBackup: asActivity(config, drillBackup),
    },
    scrub: {
      scrub: asActivity(config, scrub),
    },
    command: {
      runCommand: asActivity(config, runCommand),
      notifyByCommand: asActivity(config, notify),
    },
    ecs: {
      startEcs: asActivity(config, startEcs),
      watchEcs: asActivity(config, watchEcs),
      stopEcs: asActivity(config, stopEcs),
    },
  };
}
