'use client';

import { useQuery } from '@tanstack/react-query';
import { GitPullRequestArrow } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { ChangeState } from '@/components/change-state';
import { useSubjectText } from '@/components/change-subject';
import { CardList } from '@/components/ui/card-list';
import { Link } from '@/components/ui/link';
import { ON_DEMAND } from '@/components/ui/rest';
import { PartFailed } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import type { Change } from '@/lib/change';
import { readAll } from '@/lib/list';

const PAGE = 200;
/** A thousand changes that wait. */
const PAGES_MAX = 5;
/** About how tall one is with what stands apart from the next. */
const ROW_PX = 50;

/** What is known of changes of tools and plugins that wait for somebody. */
interface WaitingChanges {
  /** Nothing where they were not read yet, or could not be. */
  changes: Change[] | null;
  /** Whether there was an answer, of whatever kind. */
  isAnswered: boolean;
  error: unknown;
  isBusy: boolean;
  again: () => void;
}

/** What is proposed of tools and plugins and waits for somebody. Where it cannot be read, the page stands without it and says so. */
export function useWaiting(): WaitingChanges {
  const query = useQuery({
    queryKey: ['changes', 'list', 'of-tools'],
    queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/changes', { params: { query: { kind: 'tool', state: 'proposed', limit: PAGE, cursor } } })), PAGES_MAX),
  });
  return { changes: query.data ?? null, isAnswered: query.isFetched, error: query.error, isBusy: query.isFetching, again: () => void query.refetch() };
}

/** Ways to what waits; that it could not be read, until it is. */
export function Waiting({ waiting: { changes, isAnswered, error, isBusy, again } }: { waiting: WaitingChanges }) {
  const t = useTranslations('tools');
  const subject = useSubjectText();
  if (error !== null || (changes === null && isAnswered)) return <PartFailed what={t('waitingFailed')} error={error} isBusy={isBusy} onRetry={again} className="rounded-lg" />;
  if (changes === null || changes.length === 0) return null;
  return (
    <div className="min-w-0">
      <CardList items={changes} keyOf={(change) => change.governance_change_id} label={t('waiting')} guessPx={ROW_PX} query={ON_DEMAND}>
        {(change) => (
          <div className="flex items-center gap-2 rounded-lg border border-wait bg-wait-wash px-3 py-2 text-sm">
            <GitPullRequestArrow className="size-4 shrink-0 text-wait" aria-hidden />
            <Link href={`/changes/${change.governance_change_id}`} className="min-w-0 flex-1 font-medium text-wait underline underline-offset-2 wrap-anywhere">
              {t('waits', { what: subject(change) })}
            </Link>
            <ChangeState change={change} />
          </div>
        )}
      </CardList>
    </div>
  );
}
