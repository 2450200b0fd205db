/** A counter of `/metrics`, with its labels. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Reads Prometheus' text form; lines that are none are left out. */
export function readMetrics(text: string): Sample[] {
  const found: Sample[] = [];
  for (const line of text.split('\n')) {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    const value = Number(parts?.[3]);
    if (parts?.[1] === undefined || !Number.isFinite(value)) continue;
    const labels = Object.fromEntries([...(parts[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((label) => [label[1] ?? '', label[2] ?? '']));
    found.push({ name: parts[1], labels, value });
  }
  return found;
}

/** Requests that failed on the server, by route, most often first. */
export function failuresOf(samples: readonly Sample[]): { route: string; status: string; count: number }[] {
  return samples
    .filter((sample) => sample.name === 'steward_http_requests_total' && Number(sample.labels['status']) >= 500)
    .map((sample) => ({ route: `${sample.labels['method'] ?? ''} ${sample.labels['route'] ?? ''}`, status: sample.labels['status'] ?? '', count: sample.value }))
    .sort((a, b) => b.count - a.count);
}

/** Answered requests in all. */
export function requestsOf(samples: readonly Sample[]): number {
  return samples.filter((sample) => sample.name === 'steward_http_requests_total').reduce((sum, sample) => sum + sample.value, 0);
}
