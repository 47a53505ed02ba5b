/** Where the Temporal UI shows a run or a schedule; undefined where its address is not configured. */
export interface Links {
  run(workflowId: string, runId?: string): string | undefined;
  schedule(id: string): string | undefined;
}

export function createLinks(ui: string | undefined, namespace: string): Links {
  const at = (...parts: readonly string[]): string | undefined =>
    ui &&
    [ui, 'namespaces', namespace, ...parts]
      .map((part, index) => (index === 0 ? part : encodeURIComponent(part)))
      .join('/');
  return {
    run: (workflowId, runId) => at('workflows', workflowId, ...(runId === undefined ? [] : [runId])),
    schedule: (id) => at('schedules', id),
  };
}
