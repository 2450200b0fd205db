'use client';

import { useTranslations } from 'use-intl';
import { knownEffect } from '@/components/effect-badge';
import { useNeedsText } from '@/components/needs';
import { PersonName } from '@/components/person-name';
import { Button } from '@/components/ui/button';
import { holdDifferences, type Part } from '@/lib/hold-differences';
import { pointerInWords } from '@/lib/json';
import { seen } from '@/lib/seen';
import { BeforeNowList, type BeforeNow } from './before-now';
import type { Hold } from './use-hold';

const NOTHING = '—';

/** The action was changed while it was looked at: what is different, and the way to see it. Nothing can be approved until then. */
export function Changed({ shown, now, onShow }: { shown: Hold; now: Hold; onShow: () => void }) {
  const t = useTranslations('hold');
  const origin = useTranslations('origin.integrity');
  const effect = useTranslations('effect');
  const needs = useNeedsText();
  const { values, origins, parts } = holdDifferences(shown, now);
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
    ...parts.map((part) => ({ name: names[part], before: said(part, shown), now: said(part, now) })),
  ];
  return (
    <div role="alert" className="grid gap-2 rounded-lg bg-wait-wash p-3 text-sm">
      <p className="font-medium text-wait">{t('changed')}</p>
      {items.length > 0 ? <BeforeNowList items={items} /> : <p>{t('changedElse')}</p>}
      <div>
        <Button size="small" onClick={onShow}>
          {t('showNew')}
        </Button>
      </div>
    </div>
  );
}
