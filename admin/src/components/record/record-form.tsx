'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { FormDialog } from '@/components/ui/form-dialog';
import { useToast } from '@/components/ui/toast';
import { idempotencyKey } from '@/lib/api/client';
import { isConflict } from '@/lib/api/problem';

interface RecordFormProps {
  title: string;
  /** The lists and pages it stands in: they are read again when it is saved, and when somebody else was quicker. */
  of: 'contacts' | 'companies' | 'deals';
  /** Sends what is written there. The key stays the same until something else is. */
  save: (key: string) => Promise<unknown>;
  /** It cannot be sent as it is; a field says why. */
  isWrong?: boolean;
  /** Somebody else was quicker, and what is there now was read: it is the base from here on. */
  onConflict?: () => void;
  onClose: () => void;
  children: React.ReactNode;
}

/** A new record, or changes to one for the version that was shown: its fields are what differs between kinds. */
export function RecordForm({ title, of, save, isWrong = false, onConflict, onClose, children }: RecordFormProps) {
  const t = useTranslations('record');
  const toast = useToast();
  const client = useQueryClient();
  const [key, setKey] = useState(idempotencyKey);
  const refresh = () => client.invalidateQueries({ queryKey: [of] });
  const saving = useMutation({
    mutationFn: () => save(key),
    onSuccess: async () => {
      await refresh();
      toast(t('saved'));
      onClose();
    },
    onError: async (error) => {
      if (!isConflict(error)) return;
      await refresh();
      onConflict?.();
    },
  });
  return (
    <FormDialog
      title={title}
      cancel={t('cancel')}
      submit={t('save')}
      isBusy={saving.isPending}
      error={saving.error}
      conflict={t('changedMeanwhile')}
      onClose={onClose}
      onChange={() => setKey(idempotencyKey())}
      onSubmit={() => {
        if (!isWrong) saving.mutate();
      }}
    >
      {children}
    </FormDialog>
  );
}
