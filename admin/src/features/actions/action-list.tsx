'use client';

import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { ToolName } from '@/components/tool-name';
import { Ago } from '@/components/ui/time';
import { WindowList } from '@/components/ui/window-list';
import { Verdict } from '@/components/verdict';
import { cx } from '@/lib/cx';
import { leavesOf } from '@/lib/json';
import type { Action } from './api';
import { seen } from '@/lib/seen';

const [WIDE_ROW_PX, NARROW_ROW_PX] = [45, 93];

interface ActionListProps {
  actions: Action[];
  openId: string;
  onOpen: (id: string) => void;
  query: React.ComponentProps<typeof WindowList>['query'];
}

export function ActionList({ actions, openId, onOpen, query }: ActionListProps) {
  const t = useTranslations('actions');
  return (
    <WindowList items={actions} keyOf={(action) => action.decision_id} label={t('list', { count: actions.length })} widePx={WIDE_ROW_PX} narrowPx={NARROW_ROW_PX} query={query}>
      {(action, isWide) => (
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
      )}
    </WindowList>
  );
}

/** The values, in one line. */
function valuesOf(action: Action): string {
  return leavesOf(action.arguments)
    .map((leaf) => seen(leaf.value))
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
        {seen(action.reason)}
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
        {seen(action.reason)}
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
