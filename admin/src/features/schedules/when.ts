'use client';

import { useTranslations } from 'use-intl';
import { planOf } from '@/lib/cron';
import { useFormats } from '@/lib/format';

/** A cron expression in words, without its zone; one of no usual form as it is. */
export function useCronWords(): (cron: string) => string {
  const t = useTranslations('schedules');
  const formats = useFormats();
  return (cron) => {
    const plan = planOf(cron);
    switch (plan.kind) {
      case 'minutes':
        return t('words.minutes', { count: plan.every });
      case 'hourly':
        return t('words.hourly', { count: plan.every, minute: formats.number(plan.minute) });
      case 'daily':
        return t('words.daily', { time: formats.wall(plan.time) });
      case 'weekly':
        return t('words.weekly', { days: formats.list(plan.days.map((day) => t(`days.${day}`))), time: formats.wall(plan.time) });
      case 'monthly':
        return t('words.monthly', { day: formats.number(plan.day), time: formats.wall(plan.time) });
      case 'cron':
        return t('words.cron', { cron: plan.text });
    }
  };
}
