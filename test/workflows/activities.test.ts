import { createActivities } from '../../activities/index.ts';
import { parseConfig } from '../../config/load.ts';

test('the names of the activities stay as they are, each on its queue', () => {
  const config = parseConfig('jobs: {}', 'holdfast.yaml', { env: {}, unset: 'fail' });
  const { control, data, command, ecs } = createActivities(config);
  expect(Object.keys(control).sort()).toEqual([
    'backupsAtWork',
    'chooseBackup',
    'cleanDrill',
    'describeJob',
    'describeScrub',
    'describeTask',
    'discard',
    'notify',
    'prune',
    'publish',
    'recordDrill',
    'recordRestore',
  ]);
  expect(Object.keys(data).sort()).toEqual([
    'applyRestore',
    'capture',
    'drillBackup',
    'planRestore',
    'proveRestore',
    'verify',
  ]);
  expect(Object.keys(command).sort()).toEqual(['notifyByCommand', 'runCommand']);
  expect(Object.keys(ecs).sort()).toEqual(['startEcs', 'stopEcs', 'watchEcs']);
});
