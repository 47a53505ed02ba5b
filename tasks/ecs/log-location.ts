import type { EcsLog, EcsLogPlan } from '../../workflows/contract/ecs.ts';

/** Where the log of one container of one task is; it outlives both. */
export function logLocation(plan: EcsLogPlan, container: string, taskArn: string): EcsLog {
  const { driver, group, region, streamPrefix } = plan;
  // Without a prefix the stream is named by the id that Docker gave the container.
  const stream = streamPrefix && `${streamPrefix}/${container}/${taskArn.split('/').at(-1) ?? ''}`;
  return {
    driver,
    ...(group !== undefined && { group }),
    ...(stream !== undefined && { stream }),
    ...(region !== undefined && { region }),
    ...(group && stream && region && { link: consoleLink(region, group, stream) }),
  };
}

function consoleLink(region: string, group: string, stream: string): string {
  const place = `#logsV2:log-groups/log-group/${escaped(group)}/log-events/${escaped(stream)}`;
  return `https://${region}.console.${domainOf(region)}/cloudwatch/home?region=${region}${place}`;
}

function domainOf(region: string): string {
  if (region.startsWith('cn-')) return 'amazonaws.cn';
  return region.startsWith('us-gov-') ? 'amazonaws-us-gov.com' : 'aws.amazon.com';
}

/** The console escapes what stands behind `#` twice, with `$` for `%`. */
function escaped(text: string): string {
  return encodeURIComponent(encodeURIComponent(text)).replaceAll('%', '$');
}
