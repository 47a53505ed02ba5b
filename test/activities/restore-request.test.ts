import { checkRequest, scopesOf, targetOf } from '../../activities/restore-request.ts';
import type { JobConfig } from '../../config/config.ts';
import { createScene, type Scene } from './fakes.ts';

let scene: Scene;
let target: JobConfig;

beforeAll(async () => {
  scene = await createScene({});
  target = { ...scene.job, name: 'other', scope: { prefix: 'other/' } };
});
afterAll(() => scene.cleanup());

const backup = { id: '20261122T041500Z', scope: { prefix: 'app/' } };

test('a request may say nothing at all', () => {
  expect(checkRequest({ requestId: 'x' })).toEqual({ requestId: 'x' });
});

test.each([
  [{ pefix: 'app/' }, 'pefix'],
  [{ mode: 'overwite' }, 'mode'],
  [{ approved: 'yes' }, 'approved'],
  [{ backup: '' }, 'backup'],
  ['latest', 'object'],
])('%j is refused, naming what is wrong', (request, named) => {
  expect(() => checkRequest(request)).toThrow(named);
});

test('in place, a part, another prefix', () => {
  expect(scopesOf({}, backup, scene.job)).toEqual({ from: { prefix: 'app/' }, to: { prefix: 'app/' } });
  const part = { from: { prefix: 'app/x' }, to: { prefix: 'app/x' } };
  expect(scopesOf({ prefix: 'app/x' }, backup, scene.job)).toEqual(part);
  const copy = { from: { prefix: 'app/' }, to: { prefix: 'copy/' } };
  expect(scopesOf({ toPrefix: 'copy/' }, backup, scene.job)).toEqual(copy);
});

test.each(['', 'ap', 'apple/'])('prefix %j is not in a backup of app/', (prefix) => {
  expect(() => scopesOf({ prefix }, backup, scene.job)).toThrow('there is nothing of');
});

test('what another job does not stand for is written only where toPrefix says so', () => {
  expect(() => scopesOf({}, backup, target)).toThrow('name toPrefix');
  expect(scopesOf({ toPrefix: 'app/' }, backup, target).to).toEqual({ prefix: 'app/' });
});

test('the other job must be in the configuration', () => {
  expect(targetOf(scene.step().config, scene.job, {})).toBe(scene.job);
  expect(() => targetOf(scene.step().config, scene.job, { toJob: 'nope' })).toThrow('There is no job "nope"');
});
