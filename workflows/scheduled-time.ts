import { workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';

/** When the schedule that started this run wanted it started; nothing where somebody started it by hand. */
export function scheduledTime(): Date | undefined {
  return workflowInfo().typedSearchAttributes.get(
    defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME'),
  );
}
