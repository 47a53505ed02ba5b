import type { ChannelDescription, ChannelMemory, Standing } from '../../workflows/contract/alarms.ts';
import { afterTelling, dueNotices, nothingTold, withEndings } from '../../workflows/watch-notices.ts';

const hour = 3_600_000;
const now = Date.parse('2026-11-22T12:00:00Z');
const at = (hours: number): string => new Date(now + hours * hour).toISOString();
const ops: ChannelDescription = { name: 'ops', kind: 'slack', level: 'warning', remindAfter: 4 * hour };
const failed: Standing = {
  ...{ key: 'consul: failed', job: 'consul', problem: 'failed', level: 'critical', text: 'It failed.' },
  since: at(0),
};
const paused: Standing = { ...failed, key: 'etcd: paused', job: 'etcd', problem: 'paused', level: 'warning' };
const waits: Standing = { ...failed, key: 'consul: restore waits', level: 'info' };

const told = (memory: ChannelMemory, standing: readonly Standing[], hours: number, channel = ops) => {
  const due = dueNotices(channel, memory, standing, now + hours * hour);
  return {
    said: due.map(({ event, key }) => `${event} ${key}`),
    memory: afterTelling(memory, due, at(hours)),
  };
};

test('an alarm is told once, is recalled after a while, and its end is told', () => {
  const first = told(nothingTold, [failed, paused], 0);
  expect(first.said).toEqual(['fired consul: failed', 'fired etcd: paused']);
  const again = told(first.memory, [failed, paused], 3.9);
  expect(again.said).toEqual([]);
  const later = told(again.memory, [failed, paused], 4);
  expect(later.said).toEqual(['reminder consul: failed', 'reminder etcd: paused']);
  expect(told(later.memory, [failed, paused], 7).said).toEqual([]);
  const over = told(later.memory, [paused], 7);
  expect(over.said).toEqual(['cleared consul: failed']);
  expect(told(over.memory, [failed, paused], 7.5).said).toEqual(['fired consul: failed']);
});

test('a channel is told what is as loud as it wants, and of the jobs that it wants', () => {
  const all = [failed, paused, waits];
  expect(told(nothingTold, all, 0, { ...ops, level: 'critical' }).said).toEqual(['fired consul: failed']);
  expect(told(nothingTold, all, 0, { ...ops, level: 'info' }).said).toHaveLength(3);
  expect(told(nothingTold, all, 0, { ...ops, jobs: ['etcd'] }).said).toEqual(['fired etcd: paused']);
  expect(told(nothingTold, all, 0, { ...ops, kind: 'ping' }).said).toEqual([]);
});

test('what is wrong with a channel is told on all others, whatever their jobs', () => {
  const { level, text, since } = failed;
  const failing: Standing = { level, text, since, key: 'channel ops', problem: 'channel ops' };
  expect(told(nothingTold, [failing], 0).said).toEqual([]);
  const other = { ...ops, name: 'mail', jobs: ['etcd'] };
  expect(told(nothingTold, [failing], 0, other).said).toEqual(['fired channel ops']);
});

test('what came and went while a channel failed is not told it; what it was told of is ended', () => {
  const before = told(nothingTold, [failed], 0).memory;
  // It fails while `paused` comes and goes, and `failed` ends.
  expect(told(before, [], 2).said).toEqual(['cleared consul: failed']);
});

const ending = (job: string, good: boolean, what: 'backup' | 'restore' = 'backup') =>
  ({ job, what, good, text: good ? 'done' : 'why', endedAt: at(0) }) as const;

test('good runs go to switches and to channels that want to hear all; bad ones to switches', () => {
  const runs = [ending('consul', true), ending('etcd', false), ending('consul', true, 'restore')];
  const heard = (channel: ChannelDescription) =>
    withEndings(channel, nothingTold, runs).waiting.map(({ key, level }) => `${key} ${level}`);
  expect(heard(ops)).toEqual([]);
  expect(heard({ ...ops, level: 'info' })).toEqual(['consul: backup info', 'consul: restore info']);
  expect(heard({ ...ops, kind: 'ping' })).toEqual(['consul: backup info', 'etcd: backup critical']);
  expect(heard({ ...ops, kind: 'ping', jobs: ['etcd'] })).toEqual(['etcd: backup critical']);
});

test('a switch that was away hears of the last run of each job', () => {
  const ping = { ...ops, kind: 'ping' } as const;
  const first = withEndings(ping, nothingTold, [ending('consul', false), ending('etcd', true)]);
  const { waiting } = withEndings(ping, first, [ending('consul', true)]);
  expect(waiting.map(({ key, level }) => `${key} ${level}`)).toEqual([
    'etcd: backup info',
    'consul: backup info',
  ]);
});
