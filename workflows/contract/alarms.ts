import type { Failure } from './backup.ts';

/** From the least to the worst. */
export const alarmLevels = ['info', 'warning', 'critical'] as const;

export type AlarmLevel = (typeof alarmLevels)[number];

export function isAtLeast(level: AlarmLevel, least: AlarmLevel): boolean {
  return alarmLevels.indexOf(level) >= alarmLevels.indexOf(least);
}

/** Something that is wrong, for as long as it is. */
export interface Alarm {
  /** `consul-prod: stale`; the same for as long as it lasts. */
  readonly key: string;
  /** Absent where it is about Holdfast itself. */
  readonly job?: string;
  /** What is wrong, in a word or two: `stale`, `failed`, `channel`. */
  readonly problem: string;
  readonly level: AlarmLevel;
  /** One sentence or two: what is wrong and what to do. Without secrets. */
  readonly text: string;
}

/** What a run of a job that has ended came to. */
export interface Ending {
  readonly job: string;
  readonly what: 'backup' | 'task' | 'restore';
  readonly good: boolean;
  readonly text: string;
  /** ISO 8601. */
  readonly endedAt: string;
}

/** What a message tells. */
export type NoticeEvent = 'fired' | 'reminder' | 'cleared' | 'ended' | 'test';

/** One thing to tell. Without secrets: it enters histories. */
export interface Notice {
  readonly event: NoticeEvent;
  readonly level: AlarmLevel;
  /** Tells this thing from others: of the alarm, its key. */
  readonly key: string;
  readonly job?: string;
  readonly problem: string;
  readonly text: string;
  /** ISO 8601: since when it is so. */
  readonly since: string;
}

export type ChannelKind = 'webhook' | 'slack' | 'email' | 'command' | 'ping';

/** What the workflow needs to know of a channel; addresses and secrets stay in the worker. */
export interface ChannelDescription {
  readonly name: string;
  readonly kind: ChannelKind;
  /** It is told of this, and of what is worse. */
  readonly level: AlarmLevel;
  /** Only of these; absent: of all. */
  readonly jobs?: readonly string[];
  /** Milliseconds after which it is told again of what is still wrong. Absent: never. */
  readonly remindAfter?: number;
}

/** Which runs have been seen: the run id of the latest that ended, by `backup consul-prod`. */
export type SeenRuns = Readonly<Record<string, string>>;

export interface ObserveInput {
  /** The keys of the alarms that are known. */
  readonly known: readonly string[];
  readonly seen: SeenRuns;
  readonly channels: readonly ChannelDescription[];
  /** Milliseconds after which it answers, also where nothing has changed. */
  readonly patience: number;
}

/** How all jobs are: as soon as it differs from what is known, or when patience ends. */
export interface Observation {
  /** ISO 8601. */
  readonly at: string;
  readonly alarms: readonly Alarm[];
  readonly endings: readonly Ending[];
  readonly seen: SeenRuns;
  readonly channels: readonly ChannelDescription[];
}

export interface NotifyInput {
  readonly channel: string;
  /** Several where the channel tells them in one message. */
  readonly notices: readonly Notice[];
}

/** An alarm that fires. */
export interface Standing extends Alarm {
  /** ISO 8601. */
  readonly since: string;
}

/** What the watch remembers of a channel. */
export interface ChannelMemory {
  /** What it was told of, and must be told the end of, by the key of the alarm. */
  readonly told: Readonly<Record<string, { readonly notice: Notice; readonly at: string }>>;
  /** Runs that ended, still to be told. */
  readonly waiting: readonly Notice[];
  /** Why it could not be told, and since when. */
  readonly failing?: { readonly failure: Failure; readonly since: string };
}

/** Input of the workflow `watch`; it carries what it knows from run to run. A first one gets nothing. */
export interface WatchInput {
  readonly standing?: readonly Standing[];
  readonly seen?: SeenRuns;
  readonly channels?: readonly ChannelDescription[];
  readonly memory?: Readonly<Record<string, ChannelMemory>>;
}

/** The memo `holdfastWatch`: readable where no worker is. */
export interface WatchMemo {
  readonly failing: readonly FailingChannel[];
}

export interface FailingChannel {
  readonly channel: string;
  readonly since: string;
  readonly failure: Failure;
}

/** Argument of the update `test`. */
export interface TestAlarms {
  /** Absent: all channels. */
  readonly channel?: string;
}

/** What came of a test message. */
export interface TestedChannel {
  readonly channel: string;
  readonly kind: ChannelKind;
  /** Absent where the message was taken. */
  readonly failure?: Failure;
}
