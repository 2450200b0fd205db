'use client';

import { useTranslations } from 'use-intl';
import { Choices } from '@/components/ui/choices';
import { Dialog } from '@/components/ui/dialog';
import { useSingleKeys } from '@/lib/shortcuts';
import { GO } from './commands';
import type { Place } from './navigation';

/** Which keys do what, and the way to turn the single ones off. */
export function ShortcutHelp({ places, onClose }: { places: Place[]; onClose: () => void }) {
  const t = useTranslations('keys');
  const s = useTranslations('shell');
  const { isOn, setOn } = useSingleKeys();
  const rows: [string[], string][] = [
    [['Ctrl', 'K'], t('palette')],
    [['?'], t('help')],
    [['/'], t('search')],
    [['Esc'], t('close')],
    [['a'], t('approve')],
    [['r'], t('reject')],
    [['v'], t('revise')],
    [['e'], t('edit')],
    [['Shift', '← →'], t('moveDeal')],
    ...places.flatMap((place): [string[], string][] => {
      const key = GO[place.name];
      return key === undefined ? [] : [[['g', key], s(`places.${place.name}`)]];
    }),
  ];
  return (
    <Dialog title={t('title')} onClose={onClose}>
      <Choices label={t('single')} hint={t('singleHint')} options={[{ value: 'on', label: t('on') }]} value={isOn ? ['on'] : []} onChange={(chosen) => setOn(chosen.length > 0)} />
      <dl className="grid gap-x-8 gap-y-1.5 text-sm sm:grid-cols-2">
        {rows.map(([keys, what]) => (
          <div key={keys.join(' ')} className="flex items-center justify-between gap-3">
            <dt>{what}</dt>
            <dd dir="ltr" className="flex shrink-0 gap-1">
              {keys.map((key) => (
                <kbd key={key} className="rounded border border-edge bg-sunken px-1.5 font-mono text-xs">
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
