'use client';

import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { HoldState } from '@/components/hold/state';
import { useNeedsText } from '@/components/needs';
import { PersonName } from '@/components/person-name';
import { ToolName } from '@/components/tool-name';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { cx } from '@/lib/cx';
import { seen } from '@/lib/seen';
import type { Hold } from './use-holds';

interface HoldRowProps {
  hold: Hold;
  isHere: boolean;
  href: string;
  /** Whether it is among those chosen; nothing where none are chosen, or this one cannot be. */
  isChosen: boolean | null;
  onChoose: (isChosen: boolean) => void;
}

/** As tall as a row is: a name, what it is about, two lines of the reason, whose it is since when, and what it needs. */
export const HOLD_ROW_PX = 157;

/** A held action in the queue. */
export function HoldRow({ hold, isHere, href, isChosen, onChoose }: HoldRowProps) {
  const t = useTranslations('hold');
  const needs = useNeedsText();
  return (
    <div className={cx('flex size-full', isHere ? 'bg-accent-wash' : 'hover:bg-sunken')}>
      {isChosen !== null && (
        <label className="flex min-w-11 items-center justify-center ps-3">
          <input type="checkbox" checked={isChosen} onChange={(event) => onChoose(event.target.checked)} aria-label={t('chooseOne', { tool: hold.tool, reason: seen(hold.about ?? hold.reason) })} className="size-5 accent-accent" />
        </label>
      )}
      <Link href={href} aria-current={isHere ? 'page' : undefined} className="grid min-w-0 flex-1 content-center gap-1 px-4 sm:px-6">
        <span className="flex items-center gap-2">
          <span className="min-w-0 flex-1 truncate font-medium">
            <ToolName name={hold.tool} />
          </span>
          <EffectBadge effect={hold.effect} />
          {hold.state !== 'held' && <HoldState state={hold.state} />}
        </span>
        {hold.about != null && (
          <span className="truncate text-sm">
            <bdi>{seen(hold.about)}</bdi>
          </span>
        )}
        <span className="line-clamp-2 text-sm text-soft">
          <bdi>{seen(hold.reason)}</bdi>
        </span>
        <span className="truncate text-xs text-soft">
          {t('held')} <Ago at={hold.held_at} /> · {t('for')} <PersonName id={hold.person_id} />
        </span>
        <span className="flex gap-x-3 text-xs whitespace-nowrap text-soft">
          <span className="min-w-0 truncate">{t('needsShort', { roles: needs(hold.needs) })}</span>
          {hold.state === 'held' && (
            <span>
              {t('expires')} <Ago at={hold.expires_at} />
            </span>
          )}
        </span>
      </Link>
    </div>
  );
}
