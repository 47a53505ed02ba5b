import type { AlarmLevel } from '../workflows/contract/alarms.ts';

/** A way by which people, or what watches over them, are told. Built from an entry of `alarms:`. */
export interface Channel {
  readonly name: string;
  readonly level: AlarmLevel;
  /** Absent: all jobs. */
  readonly jobs?: readonly string[];
  /** Milliseconds; absent: no reminders. */
  readonly remindAfter?: number;
  readonly way: ChannelWay;
}

export type ChannelWay =
  | { readonly kind: 'webhook'; readonly webhook: WebhookSettings }
  | { readonly kind: 'slack'; readonly slack: SlackSettings }
  | { readonly kind: 'email'; readonly email: EmailSettings }
  | { readonly kind: 'command'; readonly command: AlarmCommandSettings }
  | { readonly kind: 'ping'; readonly ping: PingSettings };

/** What a template is made of: texts with `{name}` in them, as deep as they stand. */
export type Template = string | number | boolean | null | readonly Template[] | TemplateMap;
export interface TemplateMap {
  readonly [name: string]: Template;
}

export interface WebhookSettings {
  readonly url: string;
  readonly method: 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** Text is sent as text, anything else as JSON. Absent: the notice as JSON. */
  readonly body?: Template;
}

export interface SlackSettings {
  readonly url: string;
}

export interface EmailSettings {
  /** `smtp://…` or `smtps://…`. */
  readonly smtp: string;
  readonly auth?: { readonly user: string; readonly password: string };
  readonly from: string;
  readonly to: readonly string[];
}

export interface AlarmCommandSettings {
  readonly argv: readonly [string, ...string[]];
  /** Absolute. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeLimit: number;
}

export interface PingSettings {
  /** `{job}` stands for the job. */
  readonly url: string;
  readonly failureUrl?: string;
  readonly method: 'GET' | 'POST';
}
