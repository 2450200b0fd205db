'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { DiffText } from '@/components/diff-text';
import { Badge } from '@/components/ui/badge';
import { Card, Facts } from '@/components/ui/card';
import { Digest } from '@/components/ui/digest';
import { Select } from '@/components/ui/field';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';

type Prompt = Schemas['PromptView'];

function useText(prompt: { name: string; version: string } | null) {
  return useQuery({
    queryKey: ['prompts', 'one', prompt?.name, prompt?.version],
    queryFn: () => answer(api.GET('/api/v1/prompts/{name}/{version}', { params: { path: { name: prompt?.name ?? '', version: prompt?.version ?? '' } } })),
    enabled: prompt !== null,
    // A version never changes.
    staleTime: Infinity,
  });
}

interface OnePromptProps {
  prompt: Prompt;
  /** Its other versions, newest first. */
  others: Prompt[];
  /** The number of the version it is compared with; empty shows its text. */
  against: string;
  onAgainst: (version: string) => void;
}

/** A version's text, or how it differs from another. */
export function OnePrompt({ prompt, others, against, onAgainst }: OnePromptProps) {
  const t = useTranslations('prompts');
  const other = others.find((one) => String(one.version) === against);
  const text = useText({ name: prompt.name, version: String(prompt.version) });
  const before = useText(other === undefined ? null : { name: other.name, version: String(other.version) });
  const error = text.error ?? before.error;
  return (
    <div className="grid min-w-0 content-start gap-4">
      <Card className="grid gap-3 p-4">
        <p dir="auto">{prompt.description}</p>
        <Facts
          facts={[
            [t('digest'), <Digest key="digest" digest={prompt.digest} />],
            [
              t('variables'),
              text.data === undefined || text.data.variables.length === 0 ? (
                t('noVariables')
              ) : (
                <span key="variables" className="flex flex-wrap gap-1">
                  {text.data.variables.map((name) => (
                    <Badge key={name}>
                      <code className="font-mono">{name}</code>
                    </Badge>
                  ))}
                </span>
              ),
            ],
          ]}
        />
        {others.length === 0 ? (
          <p className="text-sm text-soft">{t('onlyVersion')}</p>
        ) : (
          <div className="max-w-xs">
            <Select label={t('against')} value={other === undefined ? '' : against} onChange={(event) => onAgainst(event.target.value)}>
              <option value="">{t('nothing')}</option>
              {others.map((one) => (
                <option key={one.version} value={one.version}>
                  {t('version', { number: one.version })}
                </option>
              ))}
            </Select>
          </div>
        )}
      </Card>
      {(text.isPending || (other !== undefined && before.isPending)) && <Loading lines={8} />}
      {error !== null && <Failed error={error} onRetry={() => void Promise.all([text.refetch(), other !== undefined && before.refetch()])} />}
      {text.data !== undefined && other === undefined && (
        <pre tabIndex={0} dir="auto" className="overflow-auto rounded-xl border border-line bg-surface p-4 font-mono text-xs leading-relaxed whitespace-pre-wrap">
          {text.data.text}
        </pre>
      )}
      {text.data !== undefined && before.data !== undefined && other !== undefined && (
        <DiffText before={before.data.text} after={text.data.text} label={t('difference', { from: t('version', { number: other.version }), to: t('version', { number: prompt.version }) })} />
      )}
    </div>
  );
}
