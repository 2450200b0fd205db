'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useWorkspacesQuery, WorkspaceSelect } from '@/components/workspace-select';
import { Input, Select, TextArea } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { Segments } from '@/components/ui/segments';
import { useToast } from '@/components/ui/toast';
import { useAgents } from '@/lib/agents';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { cronOf, DAYS, ownZone, zones, type Day, type Plan } from '@/lib/cron';
import { useCronWords } from './when';

const OFTEN = ['once', 'daily', 'weekly', 'monthly', 'cron'] as const;
type Often = (typeof OFTEN)[number];
const NINE = '09:00';
const TEXT_LETTERS_MAX = 20_000;

/** What a person thinks of, as the server takes it; none while something of it is missing. */
function timesOf(often: Often, at: string, plan: Plan, zone: string): Pick<Schemas['NewScheduleBody'], 'at' | 'cron' | 'time_zone'> | null {
  if (often !== 'once') {
    const cron = cronOf(plan);
    return cron === null ? null : { cron, time_zone: zone };
  }
  const moment = new Date(at);
  return at === '' || Number.isNaN(moment.getTime()) ? null : { at: moment.toISOString() };
}

/** Something to be said to an agent later, in one's own words: once, or again and again. */
export function NewSchedule({ onClose }: { onClose: () => void }) {
  const t = useTranslations('schedules');
  const toast = useToast();
  const client = useQueryClient();
  const words = useCronWords();
  const agents = useAgents();
  const workspaces = useWorkspacesQuery();
  const own = ownZone();
  const [text, setText] = useState('');
  const [agentName, setAgent] = useState('');
  const [often, setOften] = useState<Often>('weekly');
  const [at, setAt] = useState('');
  const [time, setTime] = useState(NINE);
  const [days, setDays] = useState<Day[]>(['MON']);
  const [day, setDay] = useState('1');
  const [cron, setCron] = useState('');
  const [zone, setZone] = useState(own);
  const [place, setPlace] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const names = agents.data?.data.map((one) => one.id) ?? [];
  const agent = agentName === '' ? (names[0] ?? '') : agentName;
  const plans: Record<Often, Plan> = {
    once: { kind: 'cron', text: '' },
    daily: { kind: 'daily', time },
    weekly: { kind: 'weekly', days, time },
    monthly: { kind: 'monthly', day: Number(day), time },
    cron: { kind: 'cron', text: cron },
  };
  const plan = plans[often];
  const times = timesOf(often, at, plan, zone);
  const expression = often === 'once' ? null : cronOf(plan);
  const make = useMutation({
    mutationFn: (when: NonNullable<typeof times>) =>
      answer(
        api.POST('/api/v1/schedules', {
          params: { header: { 'Idempotency-Key': key } },
          body: { agent, text, workspace_id: place === '' ? workspaces.data?.[0]?.workspace_id : place, ...when },
        }),
      ),
    onSuccess: async () => {
      toast(t('isMade'));
      await client.invalidateQueries({ queryKey: ['schedules'] });
      onClose();
    },
  });
  // Another wish has another key.
  const change = () => setKey(idempotencyKey());
  return (
    <FormDialog
      title={t('new')}
      cancel={t('cancel')}
      submit={t('make')}
      isBusy={make.isPending || workspaces.isPending || agents.isPending}
      error={make.error ?? agents.error}
      forbidden={text.trim() === '' ? t('noText') : times === null ? t('noTime') : null}
      onClose={onClose}
      onChange={change}
      onSubmit={() => {
        if (times !== null) make.mutate(times);
      }}
    >
      <TextArea data-first label={t('text')} hint={t('textHint')} rows={3} required dir="auto" maxLength={TEXT_LETTERS_MAX} value={text} onChange={(event) => setText(event.target.value)} />
      {names.length > 1 && (
        <Select label={t('agent')} value={agent} onChange={(event) => setAgent(event.target.value)}>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      <div className="grid gap-1">
        <p className="text-sm font-medium">{t('often')}</p>
        <Segments
          label={t('often')}
          options={OFTEN.map((value) => ({ value, label: t(`oftenOf.${value}`) }))}
          value={often}
          onChange={(value) => {
            setOften(value);
            change();
          }}
        />
      </div>
      {often === 'once' && <Input type="datetime-local" label={t('moment')} hint={t('momentHint', { zone: own })} required value={at} onChange={(event) => setAt(event.target.value)} />}
      {often === 'weekly' && <Days value={days} onChange={setDays} />}
      {often === 'monthly' && <Input type="number" min={1} max={31} label={t('day')} hint={t('dayHint')} required value={day} onChange={(event) => setDay(event.target.value)} />}
      {often === 'cron' && <Input label={t('cron')} hint={t('cronHint')} required dir="ltr" spellCheck={false} autoCapitalize="off" placeholder="0 9 * * MON" className="font-mono" value={cron} onChange={(event) => setCron(event.target.value)} />}
      {(often === 'daily' || often === 'weekly' || often === 'monthly') && <Input type="time" label={t('time')} required value={time} onChange={(event) => setTime(event.target.value)} />}
      {often !== 'once' && (
        <Select label={t('zone')} hint={t('zoneHint')} value={zone} onChange={(event) => setZone(event.target.value)}>
          {zones(own).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      <WorkspaceSelect value={place} onChange={setPlace} />
      {expression !== null && (
        <p role="status" className="rounded-lg bg-accent-wash px-3 py-2 text-sm font-medium">
          {words(expression)} <span className="font-normal text-soft">({t('byClock', { zone })})</span>
        </p>
      )}
    </FormDialog>
  );
}

/** Days of the week, side by side. */
function Days({ value, onChange }: { value: readonly Day[]; onChange: (days: Day[]) => void }) {
  const t = useTranslations('schedules');
  return (
    <fieldset className="grid gap-1">
      <legend className="pb-1 text-sm font-medium">{t('onDays')}</legend>
      <div className="flex flex-wrap gap-1.5">
        {DAYS.map((day) => (
          <label key={day} className="flex min-h-11 items-center gap-2 rounded-lg border border-edge px-2.5 text-sm has-checked:border-accent has-checked:bg-accent-wash sm:min-h-9">
            <input
              type="checkbox"
              checked={value.includes(day)}
              onChange={(event) => onChange(event.target.checked ? [...value, day] : value.filter((one) => one !== day))}
              className="size-4 accent-accent"
            />
            {t(`days.${day}`)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
