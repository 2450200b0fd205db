'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { CodeInput, isWrongCode } from '@/components/code-input';
import { Refusal } from '@/components/step-up';
import { ShownOnce } from '@/components/shown-once';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Copy } from '@/components/ui/copy';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/field';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { problemOf } from '@/lib/api/problem';
import { answer, api, done, idempotencyKey, type Schemas } from '@/lib/api/client';
import { Part } from './part';

type Open = 'enrol' | 'codes' | 'remove';

/** Codes of an app, and the codes that stand in for it. */
export function SecondFactor() {
  const t = useTranslations('settings.factor');
  const [open, setOpen] = useState<Open | null>(null);
  const factors = useQuery({ queryKey: ['factors'], queryFn: () => answer(api.GET('/api/v1/me/factors')) });
  const close = () => setOpen(null);
  return (
    <Part title={t('title')} hint={t('hint')}>
      {factors.isPending && <Loading lines={2} className="px-0" />}
      {factors.isError && <Failed error={factors.error} onRetry={() => void factors.refetch()} />}
      {factors.data !== undefined && <State factors={factors.data} onOpen={setOpen} />}
      {open === 'enrol' && <EnrolDialog onClose={close} />}
      {open === 'codes' && <CodesDialog onClose={close} />}
      {open === 'remove' && <RemoveDialog onClose={close} />}
    </Part>
  );
}

function State({ factors, onOpen }: { factors: Schemas['FactorsView']; onOpen: (what: Open) => void }) {
  const t = useTranslations('settings.factor');
  if (factors.totp_since == null) {
    return (
      <div className="grid justify-items-start gap-3">
        {factors.is_required && <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm font-medium text-wait">{t('required')}</p>}
        <Button onClick={() => onOpen('enrol')}>
          <ShieldCheck className="size-4" aria-hidden />
          {t('setUp')}
        </Button>
      </div>
    );
  }
  return (
    <div className="grid gap-3">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <Badge tone="good">{t('on')}</Badge>
        <span>
          {t('since')} <Ago at={factors.totp_since} />
        </span>
        <span className={factors.recovery_left < 3 ? 'font-medium text-wait' : 'text-soft'}>{t('left', { count: factors.recovery_left })}</span>
      </p>
      <div className="flex flex-wrap gap-2">
        <Button size="small" onClick={() => onOpen('codes')}>
          {t('newCodes')}
        </Button>
        <Button size="small" tone="danger" onClick={() => onOpen('remove')}>
          {t('remove')}
        </Button>
      </div>
    </div>
  );
}

/** A form that asks for one code and says when it was wrong. */
function CodeForm({ hint, submit, tone, isBusy, error, onCode, children }: CodeFormProps) {
  const t = useTranslations('factor');
  const wrong = isWrongCode(error);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const code = new FormData(event.currentTarget).get('code');
        if (typeof code === 'string' && code.trim() !== '') onCode(code);
      }}
    >
      {children}
      <CodeInput hint={hint} error={wrong ? t('wrong') : null} hasFocus />
      {error !== null && !wrong && <Problem error={error} />}
      <div className="flex justify-end">
        <Button type="submit" tone={tone} isBusy={isBusy}>
          {submit}
        </Button>
      </div>
    </form>
  );
}

interface CodeFormProps {
  hint: string;
  submit: string;
  tone: 'primary' | 'danger';
  isBusy: boolean;
  error: unknown;
  onCode: (code: string) => void;
  children?: React.ReactNode;
}

function EnrolDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations('settings.factor');
  const common = useTranslations('factor');
  const client = useQueryClient();
  // Asked for when the dialog opens: the secret is made then, and shown here only.
  const begun = useQuery({
    queryKey: ['factors', 'begun'],
    queryFn: () => answer(api.POST('/api/v1/me/totp', { params: { header: { 'Idempotency-Key': idempotencyKey() } } })),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const confirm = useMutation({
    mutationFn: (code: string) => answer(api.POST('/api/v1/me/totp/confirm', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { code } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['factors'], exact: true });
      await client.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  if (confirm.data !== undefined) return <RecoveryCodes codes={confirm.data.recovery_codes ?? null} onClose={onClose} />;
  return (
    <Dialog title={t('setUp')} onClose={onClose}>
      {begun.isPending && <Loading lines={4} className="px-0" />}
      {begun.isError && (problemOf(begun.error)?.code === 'not_proven' ? <Prove onProven={() => void begun.refetch()} /> : <Refusal error={begun.error} onGiven={() => void begun.refetch()} />)}
      {begun.data !== undefined && (
        <CodeForm hint={common('hintApp')} submit={t('confirm')} tone="primary" isBusy={confirm.isPending} error={confirm.error} onCode={(code) => confirm.mutate(code)}>
          <p className="text-sm text-soft">{t('scan')}</p>
          {begun.data.picture != null && <Picture picture={begun.data.picture} />}
          <ShownOnce label={t('typed')} secret={begun.data.secret ?? null} hint={t('typedHint')} />
        </CodeForm>
      )}
    </Dialog>
  );
}

/** The password was given long ago: it is asked for once more, so that a stolen session alone sets up nothing. */
export function Prove({ onProven }: { onProven: () => void }) {
  const t = useTranslations('settings');
  const prove = useMutation({
    mutationFn: (password: string) => done(api.POST('/api/v1/session/prove', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { password } })),
    onSuccess: onProven,
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const password = new FormData(event.currentTarget).get('password');
        if (typeof password === 'string') prove.mutate(password);
      }}
    >
      <Input label={t('currentPassword')} name="password" type="password" autoComplete="current-password" required data-first />
      {prove.isError && <Problem error={prove.error} />}
      <div className="flex justify-end">
        <Button type="submit" tone="primary" isBusy={prove.isPending}>
          {t('factor.goOn')}
        </Button>
      </div>
    </form>
  );
}

/** The address of the secret as a QR code, drawn here: black on white in any theme, since that is what cameras read. */
function Picture({ picture }: { picture: Schemas['Picture'] }) {
  const t = useTranslations('settings.factor');
  return (
    <svg role="img" aria-label={t('picture')} viewBox={`0 0 ${picture.size} ${picture.size}`} className="mx-auto size-52 rounded-lg" shapeRendering="crispEdges">
      <rect width={picture.size} height={picture.size} fill="#fff" />
      <path d={picture.path} fill="#000" />
    </svg>
  );
}

export function RecoveryCodes({ codes, onClose }: { codes: string[] | null; onClose: () => void }) {
  const t = useTranslations('settings.factor');
  const secret = useTranslations('secret');
  return (
    <Dialog title={t('codes')} onClose={onClose}>
      <p className="text-sm">{t('codesHint')}</p>
      {codes === null ? (
        <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm text-wait">{secret('gone')}</p>
      ) : (
        <div className="grid gap-2 rounded-lg border border-wait bg-wait-wash p-3">
          <ul dir="ltr" className="grid gap-x-6 gap-y-1 font-mono text-sm select-all sm:grid-cols-2">
            {codes.map((code) => (
              <li key={code}>{code}</li>
            ))}
          </ul>
          <p className="flex items-center gap-1 text-sm text-wait">
            <Copy text={codes.join('\n')} label={secret('copy')} />
            {secret('once')}
          </p>
        </div>
      )}
      <div className="flex justify-end">
        <Button tone="primary" onClick={onClose}>
          {t('kept')}
        </Button>
      </div>
    </Dialog>
  );
}

function CodesDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations('settings.factor');
  const common = useTranslations('factor');
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: (code: string) => answer(api.POST('/api/v1/me/recovery-codes', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { code } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['factors'], exact: true }),
  });
  if (make.data !== undefined) return <RecoveryCodes codes={make.data.recovery_codes ?? null} onClose={onClose} />;
  return (
    <Dialog title={t('newCodes')} onClose={onClose}>
      <CodeForm hint={common('hintApp')} submit={t('newCodes')} tone="primary" isBusy={make.isPending} error={make.error} onCode={(code) => make.mutate(code)}>
        <p className="text-sm text-soft">{t('newCodesHint')}</p>
      </CodeForm>
    </Dialog>
  );
}

function RemoveDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations('settings.factor');
  const common = useTranslations('factor');
  const toast = useToast();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (code: string) => done(api.POST('/api/v1/me/totp/remove', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { code } })),
    onSuccess: async () => {
      toast(t('removed'));
      onClose();
      await client.invalidateQueries({ queryKey: ['factors'], exact: true });
    },
  });
  return (
    <Dialog title={t('remove')} onClose={onClose}>
      <CodeForm hint={common('hint')} submit={t('remove')} tone="danger" isBusy={remove.isPending} error={remove.error} onCode={(code) => remove.mutate(code)}>
        <p className="text-sm text-soft">{t('removeHint')}</p>
      </CodeForm>
    </Dialog>
  );
}
