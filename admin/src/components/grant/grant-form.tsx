'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslations } from 'use-intl';
import { usePeopleNames } from '@/components/person-name';
import { Refusal } from '@/components/step-up';
import { Button } from '@/components/ui/button';
import { Input, Select } from '@/components/ui/field';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey } from '@/lib/api/client';
import { rangesFrom, type RangeField } from '@/lib/grant-form';
import { useMe } from '@/lib/me';
import { RangeFields } from './range-fields';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** A clock that runs a little ahead shall not make the longest grant too long. */
const CLOCK_MS = 60_000;
const USES = { usual: 10, max: 1_000 } as const;
const DAYS = { usual: 7, max: 90 } as const;

/** What a grant is about. */
export interface GrantDraft {
  workspaceId: string;
  agent: string;
  tool: string;
  /** For whose runs; anybody's without one. */
  personId: string | null;
  fields: RangeField[];
}

/** Says within which values, how often and how long, and gives the grant. */
export function GrantForm({ draft, children, onClose }: { draft: GrantDraft; children?: React.ReactNode; onClose: () => void }) {
  const t = useTranslations('grants');
  const common = useTranslations('common');
  const me = useMe();
  const toast = useToast();
  const client = useQueryClient();
  const names = usePeopleNames();
  const [fields, setFields] = useState(draft.fields);
  const [person, setPerson] = useState(draft.personId ?? '');
  const [uses, setUses] = useState<string>(String(USES.usual));
  const [days, setDays] = useState<string>(String(DAYS.usual));
  const [isTried, setIsTried] = useState(false);
  const [key, setKey] = useState(idempotencyKey);
  const form = useId();
  const { ranges, wrong } = rangesFrom(fields);
  const give = useMutation({
    mutationFn: (expires_at: string) =>
      answer(
        api.POST('/api/v1/grants', {
          params: { header: { 'Idempotency-Key': key } },
          body: { workspace_id: draft.workspaceId, agent: draft.agent, tool: draft.tool, person_id: person === '' ? null : person, ranges, uses_max: Number(uses), expires_at },
        }),
      ),
    onSuccess: async () => {
      toast(t('givenNow'));
      await client.invalidateQueries({ queryKey: ['grants'] });
      onClose();
    },
  });
  const people = [...new Set([...(draft.personId === null ? [] : [draft.personId]), ...names.keys()])];
  return (
    <>
      <form
        id={form}
        className="grid gap-4"
        onChange={() => setKey(idempotencyKey())}
        onSubmit={(event) => {
          event.preventDefault();
          setIsTried(true);
          if (wrong.length === 0) give.mutate(new Date(Date.now() + Number(days) * DAY_MS - CLOCK_MS).toISOString());
        }}
      >
        {children}
        <RangeFields
          fields={fields}
          wrong={isTried ? wrong : []}
          onChange={(next) => {
            setFields(next);
            setKey(idempotencyKey());
          }}
        />
        <Select label={t('forWhom')} value={person} onChange={(event) => setPerson(event.target.value)}>
          {people.map((id) => (
            <option key={id} value={id}>
              {id === me.person_id ? common('you') : (names.get(id) ?? `…${id.slice(-6)}`)}
            </option>
          ))}
          <option value="">{t('anybody')}</option>
        </Select>
        <div className="grid grid-cols-2 gap-2">
          <Input label={t('usesMax')} type="number" min={1} max={USES.max} step={1} required dir="ltr" value={uses} onChange={(event) => setUses(event.target.value)} />
          <Input label={t('days')} type="number" min={1} max={DAYS.max} step={1} required dir="ltr" value={days} onChange={(event) => setDays(event.target.value)} />
        </div>
        <p className="text-sm text-soft">{t('stillForbids')}</p>
      </form>
      {give.isError && <Refusal error={give.error} onGiven={() => give.mutate(give.variables)} />}
      <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" form={form} tone="primary" isBusy={give.isPending}>
          {t('give')}
        </Button>
      </div>
    </>
  );
}
