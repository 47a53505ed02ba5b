import { createActivities } from '../../activities/index.ts';
import type { Config } from '../../config/config.ts';

test('the names of the activities stay as they are, each on its queue', () => {
  const config: Config = { file: 'holdfast.yaml', temporal: {}, storages: new Map(), jobs: new Map() };
  const { control, data } = createActivities(config);
  expect(Object.keys(control).sort()).toEqual([
    'describeJob',
    'discard',
    'prune',
    'publish',
    'recordRestore',
  ]);
  expect(Object.keys(data).sort()).toEqual([
    'applyRestore',
    'capture',
    'planRestore',
    'proveRestore',
    'verify',
  ]);
});
