'use client';

import { useQuery } from '@tanstack/react-query';
import { GitPullRequestArrow } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { ChangeState } from '@/components/change-state';
import { useSubjectText } from '@/components/change-subject';
import { Link } from '@/components/ui/link';
import { answer, api } from '@/lib/api/client';
import type { Change } from '@/lib/change';
import { readAll } from '@/lib/list';

const PAGE = 200;
/** A thousand changes that wait. */
const PAGES_MAX = 5;

/** What is proposed of tools and plugins and waits for somebody; nothing before it is known. Where it cannot be read, the page is as it is without. */
export function useWaiting(): Change[] | null {
  const waiting = useQuery({
    queryKey: ['changes', 'list', 'of-tools'],
    queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/changes', { params: { query: { kind: 'tool', state: 'proposed', limit: PAGE, cursor } } })), PAGES_MAX),
  });
  return waiting.isPending ? null : (waiting.data ?? []);
}

/** Ways to what waits. */
export function Waiting({ changes }: { changes: Change[] }) {
  const t = useTranslations('tools');
  const subject = useSubjectText();
  if (changes.length === 0) return null;
  return (
    <ul aria-label={t('waiting')} className="grid gap-2">
      {changes.map((change) => (
        <li key={change.governance_change_id} className="flex items-center gap-2 rounded-lg border border-wait bg-wait-wash px-3 py-2 text-sm">
          <GitPullRequestArrow className="size-4 shrink-0 text-wait" aria-hidden />
          <Link href={`/changes/${change.governance_change_id}`} className="min-w-0 flex-1 font-medium text-wait underline underline-offset-2 wrap-anywhere">
            {t('waits', { what: subject(change) })}
          </Link>
          <ChangeState change={change} />
        </li>
      ))}
    </ul>
  );
}
