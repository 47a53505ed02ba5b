import type { EcsContainer, EcsTask } from './contract/ecs.ts';
import { code, prose } from './markdown.ts';

/** What the Temporal UI shows of a task in ECS: its state, and of each container the end and the place of its log. */
export function ecsRows({
  arn,
  lastStatus,
  stopCode,
  stoppedReason,
  containers,
}: EcsTask): [string, string][] {
  const why = [stopCode, stoppedReason].filter((text) => text !== undefined).join(': ');
  return [
    ['task in ECS', `${code(arn)}: ${lastStatus}${why === '' ? '' : `, ${prose(why)}`}`],
    ...containers.map((container): [string, string] => [
      `container ${container.name}`,
      containerText(container),
    ]),
  ];
}

function containerText({ exitCode, reason, log }: EcsContainer): string {
  return [
    exitCode === undefined ? 'no exit status' : `exit status ${exitCode}`,
    ...(reason === undefined ? [] : [prose(reason)]),
    ...(log?.group === undefined ? [] : [`log ${code([log.group, log.stream].filter(Boolean).join(' '))}`]),
    ...(log?.link === undefined ? [] : [`[in the console](${log.link})`]),
  ].join('; ');
}
