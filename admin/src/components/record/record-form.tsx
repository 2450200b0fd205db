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
  /** It does not go with what is there, which was read anew. Says whether somebody else was quicker: then that is the base from here on. */
  onConflict: () => boolean;
  onClose: () => void;
  children: React.ReactNode;
}

/** A new record, or changes to one for the version that was shown: its fields are what differs between kinds. */
export function RecordForm({ title, of, save, isWrong = false, onConflict, onClose, children }: RecordFormProps) {
  const t = useTranslations('record');
  const toast = useToast();
  const client = useQueryClient();
  const [key, setKey] = useState(idempotencyKey);
  // An address or a name that another record has is refused likewise, and is nobody's change of this one.
  const [isOther, setOther] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: [of] });
  const saving = useMutation({
    mutationFn: () => save(key),
    onMutate: () => setOther(false),
    onSuccess: async () => {
      await refresh();
      toast(t('saved'));
      onClose();
    },
    onError: async (error) => {
      if (!isConflict(error)) return;
      await refresh();
      setOther(onConflict());
    },
  });
  return (
    <FormDialog
      title={title}
      cancel={t('cancel')}
      submit={t('save')}
      isBusy={saving.isPending}
      error={saving.error}
      conflict={isOther ? t('changedMeanwhile') : undefined}
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
