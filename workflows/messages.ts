import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { restoreMessages, watchMessages } from './contract/names.ts';
import type { TestAlarms, TestedChannel } from './contract/alarms.ts';
import type { Approval, Decided, Refusal, RestoreRequest, RestoreStatus } from './contract/restore.ts';

export const requestRestore = defineSignal<[RestoreRequest?]>(restoreMessages.requestRestore);
export const status = defineQuery<RestoreStatus>(restoreMessages.status);

/** Decisions come as updates, which answer, and as signals, which anything can send. */
export const approve = defineUpdate<Decided, [Approval]>(restoreMessages.approve);
export const approveBySignal = defineSignal<[Approval]>(restoreMessages.approve);
export const decline = defineUpdate<Decided, [Refusal?]>(restoreMessages.decline);
export const declineBySignal = defineSignal<[Refusal?]>(restoreMessages.decline);

export const testAlarms = defineUpdate<readonly TestedChannel[], [TestAlarms?]>(watchMessages.test);
