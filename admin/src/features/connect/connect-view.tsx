'use client';

import { useQuery } from '@tanstack/react-query';
import { Plug } from 'lucide-react';
import { useSearchParams } from 'next/navigation';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { goBack } from './go-back';
import { ConnectForm } from './connect-form';

type Request = Schemas['ClientRequestView'];

/** A program wants to be let in: who it says it is, where it comes from, where the answer goes, and the person's yes or no. */
export function ConnectView() {
  const t = useTranslations('connect');
  // As the program wrote it, with everything that is in it: the server reads it, not this page.
  const asked = useSearchParams().toString();
  const request = useQuery({
    queryKey: ['connect', asked],
    queryFn: () => answer(api.GET('/api/v1/oauth/request', { params: { query: { asked } } })),
    enabled: asked !== '',
    retry: false,
    staleTime: Infinity,
  });
  return (
    <Page title={t('title')}>
      {asked === '' && <Empty icon={<Plug className="size-5" aria-hidden />} title={t('nothing')} hint={t('nothingHint')} />}
      {asked !== '' && request.isPending && <Loading lines={6} />}
      {request.isError && <Failed error={request.error} />}
      {request.isSuccess && (
        <div className="mx-auto grid w-full max-w-xl gap-5 p-4 sm:p-6">
          <About request={request.data} />
          {request.data.problem == null ? <ConnectForm key={asked} asked={asked} request={request.data} /> : <Wrong host={request.data.redirect_host} problem={request.data.problem} />}
        </div>
      )}
    </Page>
  );
}

/** A name in whatever direction, kept from turning the sentence around it. */
function apart(name: string): string {
  return `\u2068${name}\u2069`;
}

function About({ request }: { request: Request }) {
  const t = useTranslations('connect');
  return (
    <Card className="grid gap-4 p-4">
      <p className="text-base break-words">{t('asks', { name: apart(request.client_name) })}</p>
      <Facts
        facts={[
          [t('from'), <bdi key="from" dir="ltr" className="font-mono font-semibold break-all">{request.client_host}</bdi>],
          [t('document'), <bdi key="document" dir="ltr" className="font-mono text-xs break-all text-soft">{request.client_id}</bdi>],
          [t('answer'), <bdi key="answer" dir="ltr" className="font-mono font-semibold break-all">{request.redirect_host}</bdi>],
          [t('address'), <bdi key="address" dir="ltr" className="font-mono text-xs break-all text-soft">{request.redirect_uri}</bdi>],
        ]}
      />
      <p className="text-sm text-soft">{t('nameHint')}</p>
      {request.redirect_is_local && <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm font-medium text-wait">{t('local')}</p>}
    </Card>
  );
}

function Wrong({ host, problem }: { host: string; problem: Schemas['ClientProblem'] }) {
  const t = useTranslations('connect');
  return (
    <div role="alert" className="grid gap-3 rounded-lg bg-bad-wash px-4 py-3">
      <p className="font-semibold text-bad">{t('wrong')}</p>
      <p dir="auto" className="text-sm break-words text-bad">
        {problem.description}
      </p>
      <div>
        <Button onClick={() => goBack(problem.return_to)}>{t('back', { host })}</Button>
      </div>
    </div>
  );
}
