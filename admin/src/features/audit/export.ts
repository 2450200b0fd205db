import { answer, api } from '@/lib/api/client';
import { isRecord, textOf } from '@/lib/json';

const PAGE = 200;

/** The log as JSON lines, as far as the filters let it. */
export async function exportAudit(action: string, run: string): Promise<string> {
  const query = { action: action === '' ? undefined : action };
  const text = await answer(api.GET('/api/v1/audit/export', { params: { query }, parseAs: 'text' }));
  if (run === '') return text;
  // The export knows no runs, the list does: of the lines those stay that it names.
  const wanted = await entriesOf(run, query.action);
  return text
    .split('\n')
    .filter((line) => line !== '' && wanted.has(idOf(line)))
    .map((line) => `${line}\n`)
    .join('');
}

async function entriesOf(run: string, action: string | undefined): Promise<Set<string>> {
  const found = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await answer(api.GET('/api/v1/audit', { params: { query: { run, action, limit: PAGE, cursor } } }));
    for (const entry of page.items) found.add(entry.audit_id);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

function idOf(line: string): string {
  const entry: unknown = JSON.parse(line);
  return (isRecord(entry) ? textOf(entry['audit_id']) : null) ?? '';
}
