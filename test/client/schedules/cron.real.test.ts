import { Client, Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import type { ScheduleSettings } from '../../../config/config.ts';
import type { CronDialect } from '../../../config/cron.ts';
import { scheduleSpec } from '../../../client/schedules/times.ts';
import { startTemporal, type TemporalServer } from '../../../services/temporal.ts';
import { calendarOf, nextTimes } from '../../config/calendar.ts';

let server: TemporalServer;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  server = await startTemporal();
  connection = await Connection.connect({ address: server.address });
  client = new Client({ connection });
});

afterAll(async () => {
  await connection.close();
  await server.stop();
});

/** The times at which the server itself would start something, up to a thousand. */
async function serverTimes(
  cron: string,
  dialect: CronDialect,
  from: Date,
  to: Date,
): Promise<readonly string[]> {
  const settings: ScheduleSettings = { cron, dialect, timezone: 'UTC', jitter: 0, catchup: 0 };
  const { scheduleId } = await client.schedule.create({
    scheduleId: `cron-${crypto.randomUUID()}`,
    spec: scheduleSpec(settings),
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
    state: { paused: true },
  });
  const response = await client.workflowService.listScheduleMatchingTimes({
    namespace: 'default',
    scheduleId,
    startTime: msToTs(from.getTime()),
    endTime: msToTs(to.getTime()),
  });
  return response.startTime.map((time) => new Date(tsToMs(time)).toISOString());
}

const day = 86_400_000;

test.each<[string, CronDialect, number]>([
  ['0/10 * * * * *', 'go-cron', 900_000],
  ['* * * * *', 'go-cron', 900_000],
  ['0 1 * * * *', 'go-cron', 40 * day],
  ['@hourly', 'go-cron', 40 * day],
  ['0 0 12 1 * MON', 'go-cron', 400 * day],
  ['@every 10s', 'go-cron', 900_000],
  ['30 4 * * *', 'standard', 400 * day],
  ['*/7 3-5 * * *', 'standard', 10 * day],
  ['@daily', 'standard', 400 * day],
  ['0 12 1 * mon', 'standard', 400 * day],
  ['0 12 */2 * mon', 'standard', 400 * day],
  ['0 0 * * 5-7', 'standard', 400 * day],
])('checklist 46: the server starts %j (%s) when cron does', async (cron, dialect, horizon) => {
  const from = new Date('2026-01-01T00:00:00Z');
  const to = new Date(from.getTime() + horizon);
  const got = (await serverTimes(cron, dialect, from, to)).filter((time) => new Date(time) > from);
  const expected = cron.startsWith('@every')
    ? Array.from({ length: 90 }, (_, index) => new Date(from.getTime() + (index + 1) * 10_000).toISOString())
    : nextTimes(calendarOf(cron, dialect), from, got.length + 1).filter((time) => new Date(time) <= to);
  expect(got).toEqual(expected.slice(0, 999));
  expect(got.length).toBeGreaterThan(10);
});
