'use client';

import { useEffect } from 'react';
import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { ToolName } from '@/components/tool-name';
import { Ago } from '@/components/ui/time';
import { Verdict } from '@/components/verdict';
import { cx } from '@/lib/cx';
import { leavesOf } from '@/lib/json';
import { useMedia } from '@/lib/media';
import { useWindow } from '@/lib/window';
import type { Action } from './api';

/** Heights are fixed, so that only what is in view needs to be there. */
const [WIDE_ROW_PX, NARROW_ROW_PX] = [45, 93];
/** Rows before the end at which more is asked for. */
const AHEAD = 30;

interface ActionListProps {
  actions: Action[];
  openId: string;
  onOpen: (id: string) => void;
  /** Asks for more; none when all is there. */
  onEnd: (() => void) | null;
}

export function ActionList({ actions, openId, onOpen, onEnd }: ActionListProps) {
  const t = useTranslations('actions');
  const isWide = useMedia('(min-width: 64rem)');
  const rowPx = isWide ? WIDE_ROW_PX : NARROW_ROW_PX;
  const { list, first, last, heightPx } = useWindow(actions.length, rowPx);
  const isNearEnd = last + AHEAD >= actions.length;
  useEffect(() => {
    if (isNearEnd && onEnd !== null) onEnd();
  }, [isNearEnd, onEnd]);
  return (
    <div ref={list} className="relative" style={{ height: heightPx }}>
      <ul aria-label={t('list', { count: actions.length })}>
        {actions.slice(first, last).map((action, at) => (
          <li key={action.decision_id} className="absolute inset-x-0 border-b border-line" style={{ top: (first + at) * rowPx, height: rowPx }}>
            <button
              type="button"
              aria-haspopup="dialog"
              onClick={() => {
                onOpen(action.decision_id);
              }}
              className={cx('size-full px-4 text-start sm:px-6', action.decision_id === openId ? 'bg-accent-wash' : 'hover:bg-sunken')}
            >
              {isWide ? <WideRow action={action} /> : <NarrowRow action={action} />}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The values, in one line. */
function valuesOf(action: Action): string {
  return leavesOf(action.arguments)
    .map((leaf) => leaf.value)
    .join(' · ');
}

function WideRow({ action }: { action: Action }) {
  return (
    <span className="grid grid-cols-[7rem_6rem_14rem_1fr_1fr] items-center gap-3 text-sm">
      <span className="truncate text-soft">
        <Ago at={action.decided_at} />
      </span>
      <span>
        <Verdict verdict={action.verdict} />
      </span>
      <span className="truncate font-medium">
        <ToolName name={action.tool} />
      </span>
      <span className="truncate text-soft" dir="auto">
        {valuesOf(action)}
      </span>
      <span className="truncate" dir="auto">
        {action.reason}
      </span>
    </span>
  );
}

function NarrowRow({ action }: { action: Action }) {
  return (
    <span className="grid gap-0.5 text-sm">
      <span className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate font-medium">
          <ToolName name={action.tool} />
        </span>
        <EffectBadge effect={action.effect} />
        <Verdict verdict={action.verdict} />
      </span>
      <span className="truncate" dir="auto">
        {action.reason}
      </span>
      <span className="flex gap-2 text-xs text-soft">
        <span className="shrink-0">
          <Ago at={action.decided_at} />
        </span>
        <span className="min-w-0 truncate" dir="auto">
          {valuesOf(action)}
        </span>
      </span>
    </span>
  );
}
