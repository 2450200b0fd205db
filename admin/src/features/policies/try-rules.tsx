'use client';

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Tried } from '@/components/tried';
import { Button } from '@/components/ui/button';
import { Choices } from '@/components/ui/choices';
import { TextArea } from '@/components/ui/field';
import { FileField } from '@/components/ui/file-field';
import { Segments } from '@/components/ui/segments';
import { Problem } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { may, useMe } from '@/lib/me';
import { changedSet, type RuleFile } from '@/lib/rule-set';
import { useAddress } from '@/lib/url';
import { Chosen } from './chosen';

const MODES = ['change', 'whole'] as const;
type Mode = (typeof MODES)[number];
/** The server takes no more. */
const BYTES_MAX = 1_000_000;

/** Rules that are not in force, judged on what is on record. Nothing changes by it. */
export function TryRules({ rules }: { rules: Schemas['RuleView'][] }) {
  const t = useTranslations('policies.try');
  const me = useMe();
  const [mode, setMode] = useState<Mode>('change');
  const [text, setText] = useState('');
  const [without, setWithout] = useState<string[]>([]);
  const [files, setFiles] = useState<RuleFile[]>([]);
  const [tooMuch, setTooMuch] = useState(false);
  const decision = useAddress().get('decision');
  const attempt = useMutation({ mutationFn: (set: RuleFile[]) => answer(api.POST('/api/v1/policies/backtest', { body: { files: set, decision_id: decision.startsWith('dec_') ? decision : null } })) });
  const set = mode === 'change' ? changedSet(rules, text, without) : files;
  const isEmpty = mode === 'change' ? text.trim() === '' && without.length === 0 : files.length === 0;
  const forbidden = may(me, 'actions:read') ? (isEmpty ? t(`nothing.${mode}`) : null) : t('mayNot');
  const read = async (found: File[]) => {
    const isTooMuch = found.reduce((sum, file) => sum + file.size, 0) > BYTES_MAX;
    setTooMuch(isTooMuch);
    attempt.reset();
    const texts = isTooMuch ? [] : await Promise.all(found.map(async (file) => ({ name: file.name, text: await file.text() })));
    if (mode === 'whole') setFiles(texts);
    else if (texts.length > 0) setText(texts.map((file) => file.text).join('\n'));
  };
  return (
    <div className="grid gap-4">
      <p className="text-soft">{t('hint')}</p>
      <Chosen found={attempt.data?.chosen ?? null} />
      <div className="justify-self-start">
        <Segments
          label={t('mode')}
          options={MODES.map((value) => ({ value, label: t(`modes.${value}`) }))}
          value={mode}
          onChange={(next) => {
            setMode(next);
            attempt.reset();
          }}
        />
      </div>
      <form
        className="grid gap-4"
        onChange={() => attempt.reset()}
        onSubmit={(event) => {
          event.preventDefault();
          if (forbidden === null) attempt.mutate(set);
        }}
      >
        {mode === 'change' && (
          <>
            <TextArea label={t('text')} hint={t('textHint')} rows={10} dir="ltr" spellCheck={false} className="font-mono text-sm" value={text} onChange={(event) => setText(event.target.value)} />
            <details>
              <summary className="text-sm font-medium">{t('without', { count: without.length })}</summary>
              <div className="mt-2 max-h-72 overflow-y-auto rounded-lg border border-line p-2">
                <Choices label={t('withoutLabel')} options={rules.map((rule) => ({ value: rule.id, label: rule.id, hint: rule.reason }))} value={without} onChange={setWithout} />
              </div>
            </details>
          </>
        )}
        <FileField key={mode} label={mode === 'change' ? t('fileChange') : t('fileWhole')} accept=".cedar,text/plain" isMultiple onFiles={(found) => void read(found)} />
        {tooMuch && (
          <p role="alert" className="text-sm font-medium text-bad">
            {t('tooMuch')}
          </p>
        )}
        {mode === 'whole' && files.length > 0 && <p className="text-sm text-soft">{t('files', { count: files.length })}</p>}
        {attempt.isError && <Problem error={attempt.error} />}
        <div>
          <Button type="submit" tone="primary" isBusy={attempt.isPending} forbidden={forbidden}>
            {t('run')}
          </Button>
        </div>
      </form>
      {attempt.data !== undefined && <Tried result={attempt.data} />}
    </div>
  );
}
