'use client';

import { useTranslations } from 'use-intl';
import { knownEffect } from '@/components/effect-badge';
import { useNeedsText } from '@/components/needs';
import { PersonName } from '@/components/person-name';
import { buttonLooks } from '@/components/ui/button';
import { Link } from '@/components/ui/link';
import { Loading, Problem } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { holdDifferences, type Part } from '@/lib/hold-differences';
import { pointerInWords } from '@/lib/json';
import { seen } from '@/lib/seen';
import { BeforeNowList, type BeforeNow } from './before-now';
import { useHold, type Hold } from './use-hold';

const NOTHING = '—';

/** The action was edited, maybe while it was looked at: how what took its place differs from it, and the way there. */
export function EditedInto({ before, id, isNews }: { before: Hold; id: string; isNews: boolean }) {
  const t = useTranslations('hold');
  const next = useHold(id);
  return (
    <div role={isNews ? 'alert' : undefined} className="grid gap-2 rounded-lg bg-wait-wash p-3 text-sm">
      <p className="font-medium text-wait">{t('after.edited')}</p>
      {next.isPending && <Loading lines={2} className="p-0" />}
      {next.data === undefined && next.isError && <Problem error={next.error} />}
      {next.data !== undefined && <Differences before={before} now={next.data} />}
      <Link href={`/holds/${id}`} className={cx(buttonLooks('quiet', 'small'), 'justify-self-start')}>
        {t('showNew')}
      </Link>
    </div>
  );
}

function Differences({ before, now }: { before: Hold; now: Hold }) {
  const t = useTranslations('hold');
  const origin = useTranslations('origin.integrity');
  const effect = useTranslations('effect');
  const needs = useNeedsText();
  const { values, origins, parts } = holdDifferences(before, now);
  const names: Record<Part, string> = { tool: t('changedTool'), effect: t('effect'), reason: t('reason'), needs: t('needs'), rules: t('rules'), agent: t('agent'), person: t('for') };
  const said = (part: Part, of: Hold): React.ReactNode => {
    if (part === 'needs') return of.people > 1 ? t('needsPeople', { roles: needs(of.needs), count: of.people }) : needs(of.needs);
    if (part === 'rules') return of.rules.length === 0 ? NOTHING : of.rules.join(', ');
    if (part === 'person') return <PersonName id={of.person_id} />;
    if (part === 'effect') {
      const known = knownEffect(of.effect);
      return known === null ? of.effect : effect(known);
    }
    return seen(of[part]);
  };
  const items: BeforeNow[] = [
    ...values.map((one) => ({ name: pointerInWords(one.path), before: seen(one.before ?? NOTHING), now: seen(one.now ?? NOTHING) })),
    ...origins.map((one) => ({
      name: t('changedOrigin', { name: pointerInWords(one.path) }),
      before: one.before === null ? NOTHING : origin(one.before),
      now: one.now === null ? NOTHING : origin(one.now),
    })),
    ...parts.map((part) => ({ name: names[part], before: said(part, before), now: said(part, now) })),
  ];
  return items.length > 0 ? <BeforeNowList items={items} /> : <p>{t('changedElse')}</p>;
}
