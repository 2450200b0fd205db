'use client';

import { useQuery } from '@tanstack/react-query';
import { Building2, CalendarClock, CornerDownLeft, Keyboard, Languages, Moon, Plus, Upload, Users, type LucideIcon } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useDeferredValue, useEffect, useId, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '@/components/ui/dialog';
import { answerPage, api } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { useLanguage } from '@/lib/i18n';
import { isLocale, LOCALES } from '@/lib/locales';
import { may, useMe } from '@/lib/me';
import { THEMES, useTheme } from '@/lib/theme';
import type { Place } from './navigation';

/** Letters from which on records are searched too. */
const LETTERS_MIN = 2;
const RECORDS_SHOWN = 5;

interface Command {
  id: string;
  group: 'places' | 'records' | 'do';
  name: string;
  /** Beside the name: what it belongs to. */
  aside?: string;
  icon: LucideIcon;
  run: () => void;
}

const GROUPS = ['places', 'records', 'do'] as const;

/** Everything by its name: places, records, and what can be done from anywhere. Typed, chosen with arrows, taken with Enter. */
export function Palette({ places, onHelp, onClose }: { places: Place[]; onHelp: () => void; onClose: () => void }) {
  const t = useTranslations('palette');
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const commands = useFound(words, places, onHelp);
  const chosen = commands[Math.min(at, commands.length - 1)];
  const optionId = (command: Command) => `${id}-${command.id}`;
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen?.id]);
  const take = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const move = (step: number) => {
    if (commands.length > 0) setAt((Math.min(at, commands.length - 1) + step + commands.length) % commands.length);
  };
  return (
    <Dialog title={t('title')} onClose={onClose}>
      <input
        data-first
        type="text"
        role="combobox"
        aria-label={t('field')}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen === undefined ? undefined : optionId(chosen)}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        placeholder={t('field')}
        value={words}
        onChange={(event) => {
          setWords(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'ArrowDown') move(1);
          else if (event.key === 'ArrowUp') move(-1);
          else if (event.key === 'Enter') take(chosen);
          else return;
          event.preventDefault();
        }}
        className="min-h-11 w-full rounded-lg border border-edge bg-surface px-3 text-ink"
      />
      <div ref={list} id={`${id}-list`} role="listbox" aria-label={t('found')} className="grid max-h-[50dvh] gap-2 overflow-y-auto">
        {GROUPS.map((group) => {
          const own = commands.filter((command) => command.group === group);
          if (own.length === 0) return null;
          return (
            <div key={group} role="group" aria-label={t(`groups.${group}`)}>
              <p aria-hidden className="px-2 pb-1 text-xs font-medium text-soft">
                {t(`groups.${group}`)}
              </p>
              {own.map((command) => {
                const isChosen = command.id === chosen?.id;
                return (
                  <div
                    key={command.id}
                    id={optionId(command)}
                    role="option"
                    aria-selected={isChosen}
                    onClick={() => take(command)}
                    onPointerMove={() => setAt(commands.indexOf(command))}
                    className={cx('flex min-h-11 cursor-pointer items-center gap-3 rounded-lg px-2 sm:min-h-9', isChosen && 'bg-accent-wash text-accent')}
                  >
                    <command.icon className="size-4 shrink-0" aria-hidden />
                    <bdi className="min-w-0 flex-1 truncate">{command.name}</bdi>
                    {command.aside !== undefined && <span className={cx('truncate text-xs', !isChosen && 'text-soft')}>{command.aside}</span>}
                    {isChosen && <CornerDownLeft className="size-3.5 rtl:-scale-x-100" aria-hidden />}
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
      <p role="status" className={commands.length === 0 ? 'text-sm text-soft' : 'sr-only'}>
        {commands.length === 0 ? t('nothing') : t('count', { count: commands.length })}
      </p>
    </Dialog>
  );
}

function useFound(words: string, places: Place[], onHelp: () => void): Command[] {
  const t = useTranslations('palette');
  const s = useTranslations('shell');
  const me = useMe();
  const router = useRouter();
  const { setTheme } = useTheme();
  const { setLocale } = useLanguage();
  const asked = useDeferredValue(words.trim());
  const isSearching = asked.length >= LETTERS_MIN && may(me, 'contacts:read');
  const query = { q: asked, limit: RECORDS_SHOWN };
  const contacts = useQuery({ queryKey: ['contacts', 'palette', asked], queryFn: () => answerPage(api.GET('/api/v1/contacts', { params: { query } })), enabled: isSearching });
  const companies = useQuery({ queryKey: ['companies', 'palette', asked], queryFn: () => answerPage(api.GET('/api/v1/companies', { params: { query } })), enabled: isSearching });

  const go = (path: string) => () => router.push(path);
  const fixed: Command[] = [
    ...places.map((place): Command => ({ id: place.name, group: 'places', name: s(`places.${place.name}`), icon: place.icon, run: go(place.path) })),
    ...(may(me, 'conversations:use') ? [{ id: 'new-chat', group: 'do', name: t('newChat'), icon: Plus, run: go('/chat') } as const] : []),
    ...(may(me, 'conversations:use') ? [{ id: 'plan', group: 'do', name: t('plan'), icon: CalendarClock, run: go('/schedules?new=1') } as const] : []),
    ...(may(me, 'documents:write') ? [{ id: 'put-in', group: 'do', name: t('putIn'), icon: Upload, run: go('/documents?new=1') } as const] : []),
    ...(may(me, 'people:manage') ? [{ id: 'invite', group: 'do', name: t('invite'), icon: Plus, run: go('/people?new=1') } as const] : []),
    ...THEMES.map((theme): Command => ({ id: `theme-${theme}`, group: 'do', name: t(`theme.${theme}`), icon: Moon, run: () => setTheme(theme) })),
    ...Object.entries(LOCALES).map(
      ([code, { name }]): Command => ({
        id: `language-${code}`,
        group: 'do',
        name: t('language', { name }),
        icon: Languages,
        run: () => {
          if (isLocale(code)) setLocale(code);
        },
      }),
    ),
    { id: 'help', group: 'do', name: t('help'), icon: Keyboard, run: onHelp },
  ];
  const folded = words.trim().toLocaleLowerCase();
  const records: Command[] = isSearching
    ? [
        ...(contacts.data?.items ?? []).map((one): Command => ({ id: one.contact_id, group: 'records', name: one.display_name, aside: t('contact'), icon: Users, run: go(`/contacts/${one.contact_id}`) })),
        ...(companies.data?.items ?? []).map((one): Command => ({ id: one.company_id, group: 'records', name: one.name, aside: t('company'), icon: Building2, run: go(`/companies/${one.company_id}`) })),
      ]
    : [];
  const found = fixed.filter((command) => command.name.toLocaleLowerCase().includes(folded));
  return GROUPS.flatMap((group) => [...found, ...records].filter((command) => command.group === group));
}
