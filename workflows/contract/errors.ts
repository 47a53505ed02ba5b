/**
 * Every way in which Holdfast fails, once: what it means, whether trying again can help, what the operator does.
 * `exit` is the exit code of the command line: 1 failed, 2 bad usage or configuration (nothing was done),
 * 3 what is stored is missing, damaged or not proven, 4 declined, expired or refused before any change.
 */
export interface ErrorEntry {
  readonly meaning: string;
  readonly retryable: boolean;
  readonly action: string;
  readonly exit: 1 | 2 | 3 | 4;
}

const entries = {
  ConfigInvalid: {
    meaning: 'The configuration has a mistake.',
    retryable: false,
    action: 'Correct the setting named in the message; `holdfast config check` shows them all.',
    exit: 2,
  },
  UnknownJob: {
    meaning: 'No job of that name is in the configuration.',
    retryable: false,
    action: 'Use one of the names in the message, or add the job to holdfast.yaml and restart the worker.',
    exit: 2,
  },
  BadRequest: {
    meaning: 'The request makes no sense as it stands (an unknown mode, a scope outside the backup).',
    retryable: false,
    action: 'Correct the request as the message says.',
    exit: 2,
  },
  TemporalUnreachable: {
    meaning: 'The Temporal server did not answer.',
    retryable: true,
    action: 'Check the address in the message, TEMPORAL_ADDRESS and the profile; start the server.',
    exit: 1,
  },
  ScheduleForeign: {
    meaning: 'A schedule that Holdfast did not make has the name that Holdfast needs; it was left alone.',
    retryable: false,
    action: 'Delete or rename that schedule, or rename the job, and run `holdfast start-schedule` again.',
    exit: 1,
  },
  NoWorker: {
    meaning: 'No worker took the work up.',
    retryable: true,
    action:
      'Start a worker (`npm run worker`) for this namespace; the work goes on by itself when it is there.',
    exit: 1,
  },
  StoreUnreachable: {
    meaning: 'None of the addresses of the store answered.',
    retryable: true,
    action: 'Check that the store runs and that the worker can reach the addresses in the message.',
    exit: 1,
  },
  StoreUnavailable: {
    meaning: 'The store answered, but cannot serve now (no leader, overload, an internal error).',
    retryable: true,
    action: 'Look at the health of the store; Holdfast keeps trying until the deadline of the job.',
    exit: 1,
  },
  StoreRefused: {
    meaning: 'The store refuses the request (a bad token, an unknown datacenter, a bad certificate).',
    retryable: false,
    action: 'Correct the credentials or settings of the job as the message says.',
    exit: 1,
  },
  StoreBusy: {
    meaning:
      'A backup and a restore never work on one store at once, and the other one did not end within the deadline of the job.',
    retryable: false,
    action:
      'Look at the run named in the message: end it in Temporal if it hangs. Then start this one again; a schedule does by itself.',
    exit: 1,
  },
  ReadFiltered: {
    meaning: 'The credentials see only a part of the store, so the result would not be a backup.',
    retryable: false,
    action: 'Give the token the right to read every key under the prefix of the job.',
    exit: 1,
  },
  StoreEmpty: {
    meaning: 'The store shows no keys, and the job does not allow an empty backup.',
    retryable: false,
    action: 'Check address, prefix and token; if the store may be empty, set `allow_empty: true`.',
    exit: 1,
  },
  UnreadableKeys: {
    meaning: 'The store holds keys that its interface cannot give exactly (in Consul: not UTF-8).',
    retryable: false,
    action: 'Rename or delete the keys named in the message; until then they cannot be backed up.',
    exit: 1,
  },
  RepositoryUnusable: {
    meaning:
      'The snapshot repository of the cluster is missing, is another than the job says, or its nodes cannot write to it.',
    retryable: false,
    action:
      'Correct the repository, the rights of the nodes or the settings of the job; the message holds the cluster’s own reason.',
    exit: 1,
  },
  SnapshotIncomplete: {
    meaning: 'The snapshot that the cluster took does not hold all that was asked for.',
    retryable: false,
    action: 'Look at the shards and indices in the message; back up again when the cluster is green.',
    exit: 1,
  },
  StreamBroken: {
    meaning: 'A stream ended early or broke off.',
    retryable: true,
    action: 'Nothing, as a rule: it is tried again. If it stays, look at the network and the server named.',
    exit: 1,
  },
  StorageUnreachable: {
    meaning: 'The storage did not answer.',
    retryable: true,
    action: 'Check endpoint and network; Holdfast keeps trying until the deadline of the job.',
    exit: 1,
  },
  StorageUnavailable: {
    meaning: 'The storage answered with a passing error (slow down, internal error).',
    retryable: true,
    action: 'Nothing, as a rule: it is tried again. If it stays, look at the health of the storage.',
    exit: 1,
  },
  StorageDenied: {
    meaning: 'The storage refuses access.',
    retryable: false,
    action: 'Check credentials and the rights on bucket and prefix; docs/storage.md lists those needed.',
    exit: 1,
  },
  StorageMisconfigured: {
    meaning:
      'The storage does not exist or cannot do what is asked (no such bucket, no space, an unknown key).',
    retryable: false,
    action: 'Correct the storage in holdfast.yaml, or make the bucket or directory named.',
    exit: 1,
  },
  BackupExists: {
    meaning: 'Another backup with this id has been published already; it was not touched.',
    retryable: false,
    action: 'Look at the clock of the machines; start the backup again to get a new id.',
    exit: 1,
  },
  BackupNotFound: {
    meaning: 'No published backup answers to that name.',
    retryable: false,
    action: 'Choose one that `holdfast list JOB` shows.',
    exit: 3,
  },
  ObjectMissing: {
    meaning: 'An object that the manifest names is not in the storage.',
    retryable: false,
    action: 'Do not rely on this backup; restore another one, and find out who deleted the object.',
    exit: 3,
  },
  ArchiveCorrupt: {
    meaning: 'What is stored is not what was written.',
    retryable: false,
    action: 'Do not rely on this backup; restore another one, and look into the storage.',
    exit: 3,
  },
  BackupDamaged: {
    meaning:
      'A verification found that what is stored of a backup is not what was written. Nothing was deleted.',
    retryable: false,
    action:
      'Restore another backup; `holdfast show JOB BACKUP` says what is damaged. Find out what lost it, and bring the object back (versions of the bucket, a copy): the next verification takes the mark away. docs/verify.md has the ways.',
    exit: 3,
  },
  UnsupportedVersion: {
    meaning: 'The backup was written by a newer Holdfast in a format that this one does not know.',
    retryable: false,
    action: 'Use the release named in the message, or a later one.',
    exit: 3,
  },
  DecryptFailed: {
    meaning: 'None of the identities opens the backup.',
    retryable: false,
    action: 'Name the age identity that belongs to one of the recipients of the manifest.',
    exit: 3,
  },
  VerifyFailed: {
    meaning: 'What was read back, twice, differs from what was captured.',
    retryable: false,
    action: 'Look at the storage named: it lost or changed data within a minute of storing it.',
    exit: 3,
  },
  Unrestorable: {
    meaning: 'Some keys cannot be written back (too large for the server, refused names, locked).',
    retryable: false,
    action: 'See the keys and reasons in the message; raise the limit of the store, or leave them out.',
    exit: 1,
  },
  RestoreConflict: {
    meaning: 'Keys were changed by somebody else between plan and write; those were not overwritten.',
    retryable: false,
    action: 'See the keys in the message, and request the restore again: its plan shows what is left.',
    exit: 1,
  },
  RestoreUnproven: {
    meaning: 'After the restore, the store is not equal to what the plan promised.',
    retryable: false,
    action: 'See the differing keys in the message; stop the writers, and request the restore again.',
    exit: 3,
  },
  DrillUnproven: {
    meaning: 'A backup was restored into a scratch place, and what came out is not what was backed up.',
    retryable: false,
    action:
      'Do not rely on this backup: see what differs in the message, verify it (`holdfast verify JOB BACKUP`), and drill another one.',
    exit: 3,
  },
  RestoreCancelled: {
    meaning: 'The restore was cancelled while it was writing: a part of its plan is in the store.',
    retryable: false,
    action:
      'Request the restore again: its plan shows what is left. The safety backup holds what was before.',
    exit: 1,
  },
  PlanChanged: {
    meaning: 'The approval names another plan than the one that waits.',
    retryable: false,
    action: 'Read the plan that waits now, and approve that one by its digest.',
    exit: 4,
  },
  NotApproved: {
    meaning: 'The plan was declined, or nobody approved it in time; nothing was changed.',
    retryable: false,
    action: 'Request the restore again when it is wanted.',
    exit: 4,
  },
  RunCancelled: {
    meaning: 'Somebody cancelled or terminated the run in Temporal.',
    retryable: false,
    action: 'Start it again when it is wanted.',
    exit: 1,
  },
  Defect: {
    meaning: 'Holdfast contradicts itself: a mistake in the program, not in what it was given.',
    retryable: false,
    action: 'Report the message with the version of Holdfast; nothing was published or changed by this step.',
    exit: 1,
  },
  FileRefused: {
    meaning: 'A file of another tool does not hold what its format says, or what its signature proves.',
    retryable: false,
    action: 'See the place in the message. Nothing of the file was taken; another copy of it may be whole.',
    exit: 3,
  },
  TemplateFailed: {
    meaning: 'A template cannot be filled in: a variable is not set, or there is no such file.',
    retryable: false,
    action: 'Set the variables and correct the names in the message; none of the files was changed.',
    exit: 1,
  },
  EcsUnavailable: {
    meaning: 'The API of ECS did not answer, or cannot serve now (throttling, an internal error).',
    retryable: true,
    action: 'Nothing, as a rule: it is tried again. If it stays, look at region, endpoint and network.',
    exit: 1,
  },
  EcsRefused: {
    meaning:
      'ECS refuses the request (credentials, rights, an unknown cluster, a setting that does not fit).',
    retryable: false,
    action: 'Correct what the message names; docs/ecs.md lists the rights that are needed.',
    exit: 1,
  },
  TaskNotStarted: {
    meaning:
      'ECS had no place for a task, could not start its containers, or did not in time; nothing of it ran.',
    retryable: false,
    action: 'See ECS’s own reason in the message: mostly capacity, the image, the network or a role.',
    exit: 1,
  },
  ProgramMissing: {
    meaning:
      'A program that this work needs (`etcdutl`, `etcd`, `consul`) is not on the PATH, or it is too old.',
    retryable: false,
    action: 'Install it where the message says (the image of Holdfast has it), and do it again.',
    exit: 2,
  },
  ProgramFailed: {
    meaning: 'A program that Holdfast called (`etcdutl`, `etcd`, `consul`) failed.',
    retryable: true,
    action: 'See what it said in the message: mostly there is no room on the disk, or no memory.',
    exit: 1,
  },
  TaskFailed: {
    meaning:
      'A task ended with a failure: its command or container with a status other than 0, by a signal, or stopped from outside.',
    retryable: false,
    action:
      'See status, stdout and stderr in the run (`holdfast status JOB`). It is run again only where the job has `retries`.',
    exit: 1,
  },
  TaskInterrupted: {
    meaning: 'The worker stopped or died while a task was at work: how far the task came is not known.',
    retryable: false,
    action:
      'Look at what the task has done, and run it again (`holdfast run JOB`); a job with `retries` is by itself.',
    exit: 1,
  },
  AlarmNotSent: {
    meaning: 'A channel of alarms did not take a message: it does not answer, or cannot now.',
    retryable: true,
    action:
      'Check that the worker reaches the address in the message, and that what stands there is well; then `holdfast alarms test`.',
    exit: 1,
  },
  AlarmRefused: {
    meaning: 'A channel of alarms refuses messages.',
    retryable: false,
    action:
      'Correct the channel in `alarms:`: mostly its address, token, user or password; then restart the workers and try `holdfast alarms test`.',
    exit: 1,
  },
  DeadlineExceeded: {
    meaning: 'The work was not done by its deadline.',
    retryable: false,
    action: 'See the last error in the run; raise `deadline` of the job if the store has grown.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof entries;
export const catalogue: Readonly<Record<ErrorCode, ErrorEntry>> = entries;

/** A failure from the catalogue. The message names the job, address or object; `details` are small and without secrets. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.code = code;
    this.details = options.details ?? {};
  }

  get retryable(): boolean {
    return catalogue[this.code].retryable;
  }
}
