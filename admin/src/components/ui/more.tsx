'use client';

import { useTranslations } from 'use-intl';
import { Button } from './button';

interface MoreProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

/** The rest of a list, on demand. */
export function More({ query }: MoreProps) {
  const t = useTranslations('common');
  if (!query.hasNextPage) return null;
  return (
    <div className="grid place-items-center p-4">
      <Button isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('more')}
      </Button>
    </div>
  );
}
