'use client';

import { useTranslations } from 'use-intl';
import { ToolName } from '@/components/tool-name';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Failed, Loading } from '@/components/ui/states';
import { Verdict } from '@/components/verdict';
import type { Schemas } from '@/lib/api/client';
import { seen } from '@/lib/seen';
import { useAddress } from '@/lib/url';
import { useAction } from '@/lib/use-action';

/** The action that somebody came with, and what the tried rules make of it. */
export function Chosen({ found }: { found: Schemas['ChosenView'] | null }) {
  const t = useTranslations('policies.try');
  const { get, set } = useAddress();
  const id = get('decision');
  const action = useAction(id);
  if (!id.startsWith('dec_')) return null;
  // What was found of another action that somebody came with before is not about this one.
  const now = found?.decision_id === id ? found : null;
  return (
    <Card className="grid gap-2 p-4 text-sm" role="group" aria-label={t('chosen')}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">{t('chosen')}</h2>
        <Button size="small" tone="plain" onClick={() => set({ decision: '' })}>
          {t('chosenDrop')}
        </Button>
      </div>
      {action.isPending && <Loading />}
      {action.isError && <Failed error={action.error} onRetry={() => void action.refetch()} />}
      {action.data !== undefined && (
        <>
          <p className="flex flex-wrap items-center gap-2 font-medium">
            <ToolName name={action.data.tool} /> <Verdict verdict={action.data.verdict} />
          </p>
          <p className="text-soft">
            <bdi>{seen(action.data.reason)}</bdi>
          </p>
        </>
      )}
      <div role="status">
        {now?.now != null && now.now !== now.was && (
          <p className="flex flex-wrap items-center gap-2">
            {t('chosenNow')} <Verdict verdict={now.now} /> <bdi className="text-soft">{seen(now.reason ?? '')}</bdi>
          </p>
        )}
        {now?.now != null && now.now === now.was && <p>{t('chosenSame')}</p>}
        {now !== null && now.now == null && now.why_not === 'left_out' && <p>{t('chosenLeftOut')}</p>}
        {now !== null && now.now == null && now.why_not === 'not_judged' && <p>{t('chosenNotJudged')}</p>}
        {now !== null && now.now == null && now.why_not === 'unfinished' && <p>{t('chosenUnfinished')}</p>}
      </div>
    </Card>
  );
}
