import { randomBytes } from 'node:crypto';
import { Interrupted } from '../../client/io.ts';
import type { JobStatus } from '../../client/status.ts';
import type { BackupResult } from '../../workflows/contract/backup.ts';
import { backupWorkflowId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type { RestoreReport } from '../../workflows/contract/restore.ts';
import { change, contents, type Rig, startRig } from '../workflows/rig.ts';
import { createDriver, type Driver } from './driving.ts';
import type { Ran } from './fake-io.ts';

/** Each test has a job, so a prefix, of its own. */
const names = [
  ...[
    'made',
    'twice',
    'empty',
    'left',
    'watched',
    'shown',
    'dry',
    'agreed',
    'refused',
    'asked',
    'denied',
    'remote',
  ],
  ...[
    'elsewhere',
    'conflicting',
    'exact',
    'other-plan',
    'interrupted',
    'queued',
    'behind',
    'status',
    'wrong',
    'reported',
  ],
];

let rig: Rig;
let driver: Driver;

beforeAll(async () => {
  rig = await startRig(Object.fromEntries(names.map((name) => [name, { prefix: `${name}/` }])));
  driver = await createDriver(rig.temporal.address, Object.fromEntries(names.map((name) => [name, {}])));
});

afterAll(async () => {
  await rig.stop();
  await driver.cleanup();
});

const holdfast = (...args: readonly string[]) => driver.holdfast(...args);
const atTerminal = { terminal: true };

/** Three keys, a backup of them, and then a store that differs in one of each kind. */
async function prepare(job: string): Promise<string> {
  await change(rig, { [`${job}/gone`]: 'gone', [`${job}/changed`]: 'as it was', [`${job}/same`]: 'same' });
  const { text } = await holdfast('backup', job, '--json');
  await change(rig, { [`${job}/gone`]: null, [`${job}/changed`]: 'spoilt', [`${job}/new`]: 'new' });
  return (JSON.parse(text) as BackupResult).id;
}

const before = (job: string): Record<string, string> => ({
  [`${job}/gone`]: 'gone',
  [`${job}/changed`]: 'as it was',
  [`${job}/same`]: 'same',
});

const spoilt = (job: string): Record<string, string> => ({
  [`${job}/changed`]: 'spoilt',
  [`${job}/new`]: 'new',
  [`${job}/same`]: 'same',
});

async function waitingDigest(job: string): Promise<string> {
  const { text } = await holdfast('status', job, '--json');
  const [status] = (JSON.parse(text) as { jobs: JobStatus[] }).jobs;
  if (typeof status?.restore !== 'object' || !status.restore.plan) throw new Error(`no plan waits: ${text}`);
  return status.restore.plan.digest;
}

describe('holdfast backup', () => {
  test('follows a backup to its result', async () => {
    await change(rig, { 'made/a': '1', 'made/b': '22' });
    const { exit, text, stderr } = await holdfast('backup', 'made');
    expect({ exit, text }).toEqual({
      exit: 0,
      text: expect.stringMatching(
        /^made \d{8}T\d{6}Z is published and verified: 2 records, 15 B, stored \d+ B\ns3:.*manifest\.json\n$/,
      ) as string,
    });
    const id = /\d{8}T\d{6}Z/.exec(text)?.[0] ?? '';
    expect(stderr).toBe(`Backup ${id} of made: workflow ${backupWorkflowId('made', id)}\n`);
  });

  test('two in the same second are two backups', async () => {
    await change(rig, { 'twice/a': '1' });
    const both = await Promise.all([
      holdfast('backup', 'twice', '--json'),
      holdfast('backup', 'twice', '--json'),
    ]);
    const results = both.map(({ text }) => JSON.parse(text) as BackupResult);
    expect(both.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(new Set(results.map(({ id }) => id)).size).toBe(2);
    for (const { id } of results) expect(await rig.stored('twice')).toContain(`twice/${id}/manifest.json`);
  });

  test('a failed one tells why in the words of the catalogue', async () => {
    const { exit, stderr, text } = await holdfast('backup', 'empty');
    expect({ exit, text }).toEqual({ exit: 1, text: '' });
    expect(stderr).toMatch(/^error: .*empty\/.*$/m);
    expect(stderr).toContain('(StoreEmpty)');
  });

  test('--no-wait leaves at once, and the backup is made', async () => {
    await change(rig, { 'left/a': '1' });
    const { exit, text } = await holdfast('backup', 'left', '--no-wait', '--json');
    expect(exit).toBe(0);
    const { id, workflowId } = JSON.parse(text) as { id: string; workflowId: string };
    expect(workflowId).toBe(backupWorkflowId('left', id));
    await rig.client.workflow.getHandle(workflowId).result();
    expect(await rig.stored('left')).toContain(`left/${id}/manifest.json`);
  });

  test('shows what the worker reports; Ctrl-C ends the watching alone', async () => {
    let ended: Ran;
    // Random, so that it stays as large on its way to S3, where it is held half-way.
    const text = (): string => randomBytes(150_000).toString('base64');
    for (let key = 0; key < 10; key += 1) await change(rig, { [`watched/${key}`]: text() });
    rig.s3Gate.holdAfter(500_000);
    try {
      const running = driver.start(atTerminal, 'backup', 'watched');
      await running.shows(/reading {2}.*records {2}.* MB/);
      running.interrupt(new Interrupted(130));
      ended = await running.ended;
    } finally {
      rig.s3Gate.release();
    }
    const { exit, stderr } = ended;

    const workflowId = /workflow (backup-watched-\S+)/.exec(stderr)?.[1] ?? '';
    expect(exit).toBe(130);
    expect(stderr).toContain('The backup goes on. Look at it: holdfast status.');
    expect(stderr).toContain(`temporal workflow cancel --workflow-id '${workflowId}'`);
    const result = (await rig.client.workflow.getHandle(workflowId).result()) as BackupResult;
    expect(result.content.records).toBe(10);
  });

  test('an unknown job is a usage error that names the known ones', async () => {
    const { exit, stderr } = await holdfast('backup', 'mdae');
    expect(exit).toBe(2);
    expect(stderr).toContain('There is no job "mdae"');
    expect(stderr).toContain('made');
  });
});

describe('holdfast restore', () => {
  test('--dry-run shows what would change, and changes nothing', async () => {
    const id = await prepare('dry');
    const { exit, text } = await holdfast('restore', 'dry', '--mode', 'mirror', '--dry-run');
    expect(exit).toBe(0);
    expect(text).toMatch(
      new RegExp(
        [
          `^Plan [0-9a-f]{12}: restore dry from ${id}, mirror`,
          '  the keys under dry/, in place',
          '  \\+ 1 to add   ~ 1 to change   - 1 to remove',
          '  = 1 as wanted already   0 left as they are',
          '  \\+ dry/gone',
          '  ~ dry/changed',
          '  - dry/new',
          '  Every key: restores/.*/plan.ndjson.zst in the folder of job dry',
          'Nothing was changed \\(--dry-run\\).\n$',
        ].join('\n'),
      ),
    );
    expect(await contents(rig, 'dry/')).toEqual(spoilt('dry'));
  });

  test('--yes goes on without asking: the store is as it was, and what was before is kept', async () => {
    const id = await prepare('agreed');
    const { exit, text } = await holdfast('restore', 'agreed', id, '--mode', 'mirror', '--yes');
    expect(exit).toBe(0);
    expect(text).toContain(`agreed is restored from ${id}.`);
    expect(text).toContain('written: 1 added, 1 changed, 1 removed');
    expect(text).toMatch(/what was before: backup \d{8}T\d{6}Z/);
    expect(await contents(rig, 'agreed/')).toEqual(before('agreed'));
  });

  test('without a terminal it wants to know beforehand who decides, and requests nothing', async () => {
    await prepare('refused');
    const { exit, stderr } = await holdfast('restore', 'refused', '--mode', 'mirror');
    expect(exit).toBe(2);
    expect(stderr).toContain('Nobody can be asked for the approval');
    await expect(rig.client.workflow.getHandle(restoreWorkflowId('refused')).describe()).rejects.toThrow();
  });

  test('at a terminal it asks, and yes restores', async () => {
    await prepare('asked');
    const running = driver.start(atTerminal, 'restore', 'asked', '--mode', 'mirror');
    await running.shows('Type "yes" to approve this plan');
    expect(await contents(rig, 'asked/')).toEqual(spoilt('asked'));
    running.type('yes');
    const { exit } = await running.ended;
    expect(exit).toBe(0);
    expect(await contents(rig, 'asked/')).toEqual(before('asked'));
  });

  test('anything but yes declines, with exit code 4', async () => {
    await prepare('denied');
    const running = driver.start(atTerminal, 'restore', 'denied', '--mode', 'mirror');
    await running.shows('Type "yes" to approve this plan');
    running.type('y');
    const { exit, text, stderr } = await running.ended;
    expect(exit).toBe(4);
    expect(text).toContain('The plan was declined by tester@');
    expect(stderr).toContain('(NotApproved)');
    expect(await contents(rig, 'denied/')).toEqual(spoilt('denied'));
  });

  test('Ctrl-C at the question leaves the plan waiting, and says how to go on', async () => {
    await prepare('interrupted');
    const running = driver.start(atTerminal, 'restore', 'interrupted', '--mode', 'mirror');
    await running.shows('Type "yes" to approve this plan');
    running.interrupt(new Interrupted(130));
    const { exit, stderr } = await running.ended;
    expect(exit).toBe(130);
    expect(stderr).toContain('holdfast decline interrupted');
    expect(await holdfast('decline', 'interrupted', '--reason', 'changed my mind')).toMatchObject({
      exit: 0,
    });
    expect(await contents(rig, 'interrupted/')).toEqual(spoilt('interrupted'));
  });

  test('--no-wait leaves the plan to another person, who approves it from elsewhere', async () => {
    await prepare('remote');
    const { exit, text } = await holdfast('restore', 'remote', '--mode', 'overwrite', '--no-wait');
    expect(exit).toBe(0);
    const digest = /holdfast approve remote ([0-9a-f]{12})/.exec(text)?.[1] ?? '';

    const wrong = await holdfast('approve', 'remote', '000000000000');
    expect(wrong).toMatchObject({ exit: 4, text: '' });
    expect(wrong.stderr).toContain(`is ${digest}, not 000000000000`);
    const approved = await holdfast('approve', 'remote', digest);
    expect(approved).toMatchObject({ exit: 0 });
    // It returns when the restore has ended.
    expect(await contents(rig, 'remote/')).toEqual({ ...before('remote'), 'remote/new': 'new' });
    expect(approved.text).toMatch(/^remote is restored from .*\n.*1 added, 1 changed, 0 removed\n/);

    const late = await holdfast('approve', 'remote', digest);
    expect(late).toMatchObject({ exit: 4 });
    expect(late.stderr).toContain('No plan of remote waits for a decision');
  });

  test('an approval with --no-wait returns at once; the restore goes on', async () => {
    await prepare('elsewhere');
    await holdfast('restore', 'elsewhere', '--mode', 'mirror', '--no-wait');
    const [run] = await runsOf('elsewhere');
    const approved = await holdfast(
      'approve',
      'elsewhere',
      await waitingDigest('elsewhere'),
      '--no-wait',
      '--json',
    );
    expect(approved).toMatchObject({ exit: 0 });
    expect(JSON.parse(approved.text)).toMatchObject({ job: 'elsewhere', decision: 'approved' });
    await rig.client.workflow
      .getHandle(restoreWorkflowId('elsewhere'), run, { followRuns: false })
      .result()
      .catch(() => 0);
    expect(await contents(rig, 'elsewhere/')).toEqual(before('elsewhere'));
  });

  test('an approval of a restore that fails ends with the code of the failure', async () => {
    await prepare('conflicting');
    await holdfast('restore', 'conflicting', '--mode', 'overwrite', '--no-wait');
    await change(rig, { 'conflicting/changed': 'by somebody else' });
    const approved = await holdfast('approve', 'conflicting', await waitingDigest('conflicting'), '--json');
    expect(JSON.parse(approved.text) as RestoreReport).toMatchObject({ outcome: 'failed' });
    expect(approved.exit).toBe(1);
    const told: unknown = JSON.parse(approved.stderr.trimEnd().split('\n').at(-1) ?? '');
    expect(told).toMatchObject({ error: { code: 'RestoreConflict', exit: 1 } });
  });

  test('--plan approves the plan that a dry run showed, and no other', async () => {
    await prepare('exact');
    const dry = await holdfast('restore', 'exact', '--mode', 'mirror', '--dry-run');
    const digest = /^Plan ([0-9a-f]{12})/.exec(dry.text)?.[1] ?? '';
    await change(rig, { 'exact/newer': 'newer' });
    const other = await holdfast('restore', 'exact', '--mode', 'mirror', '--plan', digest);
    expect(other).toMatchObject({ exit: 4 });
    expect(other.stderr).toContain(`and not ${digest}: it is declined`);
    expect(await contents(rig, 'exact/')).toEqual({ ...spoilt('exact'), 'exact/newer': 'newer' });

    const again = await holdfast('restore', 'exact', '--mode', 'mirror', '--dry-run');
    const now = /^Plan ([0-9a-f]{12})/.exec(again.text)?.[1] ?? '';
    expect(await holdfast('restore', 'exact', '--mode', 'mirror', '--plan', now)).toMatchObject({ exit: 0 });
    expect(await contents(rig, 'exact/')).toEqual(before('exact'));
  });

  test('--json writes the report alone to stdout', async () => {
    await prepare('reported');
    const { exit, text } = await holdfast('restore', 'reported', '--mode', 'mirror', '--yes', '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(text) as RestoreReport).toMatchObject({
      outcome: 'restored',
      applied: { added: 1, changed: 1, removed: 1 },
      proof: { differing: 0 },
    });
  });

  test('a request that cannot be carried out fails with its own code', async () => {
    await prepare('wrong');
    const { exit, stderr } = await holdfast('restore', 'wrong', '20200101T000000Z', '--yes');
    expect(exit).toBe(3);
    expect(stderr).toContain('(BackupNotFound)');
    // The next request finds the desk standing by again.
    expect(await holdfast('restore', 'wrong', '--mode', 'mirror', '--yes')).toMatchObject({ exit: 0 });
  });

  test('a request behind another one waits for its turn, and gets its own report', async () => {
    await prepare('queued');
    await holdfast('restore', 'queued', '--mode', 'overwrite', '--no-wait');
    const second = driver.start({}, 'restore', 'queued', '--mode', 'mirror', '--yes', '--json');
    await second.shows('Another restore of this job is at work');
    await holdfast('approve', 'queued', await waitingDigest('queued'));
    const { exit, text } = await second.ended;
    expect(exit).toBe(0);
    expect(JSON.parse(text) as RestoreReport).toMatchObject({
      outcome: 'restored',
      plan: { mode: 'mirror', add: 0, change: 0, remove: 1 },
    });
    expect(await contents(rig, 'queued/')).toEqual(before('queued'));
  });

  test('a request behind one that fails is not carried out, and says so', async () => {
    await prepare('behind');
    await holdfast('restore', 'behind', '--mode', 'overwrite', '--no-wait');
    const second = driver.start({}, 'restore', 'behind', '--mode', 'mirror', '--yes');
    await second.shows('Another restore of this job is at work');
    await change(rig, { 'behind/changed': 'by somebody else' });
    await holdfast('approve', 'behind', await waitingDigest('behind'));
    const { exit, stderr } = await second.ended;
    expect(exit).toBe(4);
    expect(stderr).toContain('which failed; so it was not carried out');
    expect(await contents(rig, 'behind/')).toMatchObject({ 'behind/new': 'new' });
  });
});

describe('holdfast status', () => {
  test('tells the last backup, and the plan that waits', async () => {
    const id = await prepare('status');
    await holdfast('restore', 'status', '--mode', 'mirror', '--no-wait');
    const digest = await waitingDigest('status');
    const { exit, text } = await holdfast('status', 'status');
    expect(exit).toBe(0);
    expect(text).toMatch(new RegExp(`last backup {2}${id} .* ago, verified: 3 records`));
    expect(text).toContain(`plan ${digest.slice(0, 12)} waits for approval`);
    expect(text).toContain('- status/new');
    expect(text).toContain(`Approve it: holdfast approve status ${digest.slice(0, 12)}`);

    const running = await holdfast('status', 'status', '--json');
    expect(JSON.parse(running.text)).toMatchObject({
      jobs: [{ job: 'status', running: [], last: { id, result: { content: { records: 3 } } } }],
    });
  });

  test('fails where the last run of a job failed', async () => {
    await holdfast('backup', 'empty');
    const { exit, text, stderr } = await holdfast('status');
    expect(exit).toBe(1);
    expect(text).toMatch(/^empty .*StoreEmpty/m);
    expect(stderr).toContain('The last run of empty failed.');
  });
});

/** Run ids of the restore workflow of a job, the latest first. */
async function runsOf(job: string): Promise<readonly string[]> {
  const { runId } = await rig.client.workflow.getHandle(restoreWorkflowId(job)).describe();
  return [runId];
}
