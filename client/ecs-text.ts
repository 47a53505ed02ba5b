import type { EcsContainer, EcsTask } from '../workflows/contract/ecs.ts';

/** Tasks in ECS, with what became of their containers, and where their logs are. */
export function ecsLines(tasks: readonly EcsTask[]): readonly string[] {
  return tasks.flatMap(({ arn, lastStatus, stopCode, stoppedReason, containers }) => {
    const why = [stopCode, stoppedReason].filter(Boolean).join(': ');
    return [
      `ECS task ${arn.split('/').at(-1) ?? arn}: ${lastStatus}${why === '' ? '' : ` (${why})`}`,
      ...containers.flatMap(containerLines),
    ];
  });
}

function containerLines({ name, lastStatus, exitCode, reason, log }: EcsContainer): readonly string[] {
  const state = exitCode === undefined ? (lastStatus ?? 'not known') : `exit status ${exitCode}`;
  const place = [log?.driver, log?.region, log?.group, log?.stream].filter(Boolean).join(' ');
  return [
    `  container ${name}: ${state}${reason === undefined ? '' : ` (${reason})`}`,
    ...(place === '' ? [] : [`    log: ${place}`]),
    ...(log?.link === undefined ? [] : [`    ${log.link}`]),
  ];
}
