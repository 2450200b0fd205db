'use client';

import { useQuery } from '@tanstack/react-query';
import { BookText } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import type { Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { useAddress } from '@/lib/url';
import { allPrompts } from '@/lib/whole-lists';
import { Labels } from './labels';
import { OnePrompt } from './one-prompt';

type Prompt = Schemas['PromptView'];

const SHOWN = ['versions', 'labels'] as const;

/** Every version of every prompt, and how labels came to point to them. A released version never changes; what an agent says is known by its number. */
export function PromptsView() {
  const t = useTranslations('prompts');
  const { get, set } = useAddress();
  const view = SHOWN.find((one) => one === get('show')) ?? 'versions';
  const prompts = useQuery(allPrompts);
  const all = prompts.data ?? [];
  const names = [...new Set(all.map((prompt) => prompt.name))].sort();
  const name = names.includes(get('name')) ? get('name') : (names.find((one) => all.some((prompt) => prompt.name === one && prompt.labels.includes('production'))) ?? names[0]);
  const versions = all.filter((prompt) => prompt.name === name).sort((a, b) => b.version - a.version);
  const shown = versions.find((prompt) => String(prompt.version) === get('version')) ?? versions.find((prompt) => prompt.labels.includes('production')) ?? versions[0];
  return (
    <Page
      title={t('title')}
      bar={<Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={view} onChange={(value) => set({ show: value === 'versions' ? '' : value })} />}
      scrolls
    >
      {view === 'labels' && <Labels />}
      {view === 'versions' && prompts.isPending && <Loading lines={8} />}
      {view === 'versions' && prompts.isError && <Failed error={prompts.error} onRetry={() => void prompts.refetch()} />}
      {view === 'versions' && prompts.isSuccess && all.length === 0 && <Empty icon={<BookText className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {view === 'versions' && shown !== undefined && (
        <div className="mx-auto grid w-full max-w-6xl gap-5 p-4 sm:p-6 lg:grid-cols-[16rem_1fr]">
          <nav aria-label={t('title')} className="grid content-start gap-4">
            {names.map((one) => (
              <Versions
                key={one}
                name={one}
                versions={all.filter((prompt) => prompt.name === one).sort((a, b) => b.version - a.version)}
                shown={shown}
                onChoose={(prompt) => set({ name: prompt.name, version: String(prompt.version), against: '' })}
              />
            ))}
          </nav>
          <OnePrompt key={`${shown.name}@${shown.version}`} prompt={shown} others={versions.filter((other) => other.version !== shown.version)} against={get('against')} onAgainst={(against) => set({ against })} />
        </div>
      )}
    </Page>
  );
}

function Versions({ name, versions, shown, onChoose }: { name: string; versions: Prompt[]; shown: Prompt; onChoose: (prompt: Prompt) => void }) {
  const t = useTranslations('prompts');
  return (
    <div>
      <h2 className="pb-1 font-mono text-sm font-semibold">{name}</h2>
      <ul className="flex gap-1 overflow-x-auto lg:grid">
        {versions.map((prompt) => {
          const isShown = prompt.name === shown.name && prompt.version === shown.version;
          return (
            <li key={prompt.version} className="shrink-0">
              <button
                type="button"
                aria-current={isShown || undefined}
                onClick={() => onChoose(prompt)}
                className={cx('flex min-h-11 w-full items-center gap-2 rounded-lg px-3 text-start text-sm sm:min-h-9', isShown ? 'bg-accent-wash font-medium text-accent' : 'hover:bg-sunken')}
              >
                {t('version', { number: prompt.version })}
                {prompt.labels.map((label) => (
                  <Badge key={label} tone={label === 'production' ? 'good' : 'plain'}>
                    {label}
                  </Badge>
                ))}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
