'use client';

import { useSyncExternalStore } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '@/components/ui/dialog';
import { Failed, Loading } from '@/components/ui/states';
import { AwayError } from '@/lib/api/problem';
import { pursue, type Pursuit } from '@/lib/pursue';

/** What is known of a part whose script is not there yet. */
export interface Missing<P> {
  /** What the part will be given. */
  props: P;
  /** Why the last try failed; nothing while the first is under way. */
  lost: AwayError | null;
  /** Tries now. */
  again: () => void;
}

interface State<P> {
  part: React.ComponentType<P> | null;
  lost: AwayError | null;
}

/**
 * A part whose script comes when it is first shown. Until then `Instead` stands in its place; a script that is lost on the way is asked for again,
 * as words are, and nothing around the part is lost with it. React's own `lazy` keeps a failure for ever, and fails with all that is around it.
 */
export function later<P extends object>(load: () => Promise<React.ComponentType<P>>, Instead: React.ComponentType<Missing<P>>): React.ComponentType<P> {
  const nothing: State<P> = { part: null, lost: null };
  let state = nothing;
  let pursuit: Pursuit | null = null;
  // However often the part is shown, its script is asked for once.
  const shown = new Set<() => void>();
  const become = (next: State<P>) => {
    state = next;
    for (const tell of shown) tell();
  };
  const subscribe = (tell: () => void) => {
    shown.add(tell);
    if (state.part === null) {
      pursuit ??= pursue(
        load,
        (part) => become({ part, lost: null }),
        (cause) => become({ part: null, lost: new AwayError({ cause }) }),
      );
    }
    return () => {
      shown.delete(tell);
      if (shown.size > 0) return;
      pursuit?.end();
      pursuit = null;
      // Whoever opens it the next time is not told of a failure before it was tried.
      if (state.part === null) state = nothing;
    };
  };
  const again = () => pursuit?.again();
  const now = () => state;
  const first = () => nothing;
  return function Later(props: P) {
    const { part: Part, lost } = useSyncExternalStore(subscribe, now, first);
    return Part === null ? <Instead props={props} lost={lost} again={again} /> : <Part {...props} />;
  };
}

/** In the place of something that stands in a page. */
export function InItsPlace({ lost, again }: Missing<object>) {
  return lost === null ? <Loading /> : <Failed error={lost} onRetry={again} />;
}

/** In the place of a dialog: nothing, until there is something to say. */
export function AsDialog({ props, lost, again }: Missing<{ onClose: () => void }>) {
  const t = useTranslations('common');
  if (lost === null) return null;
  return (
    <Dialog title={t('failed')} onClose={props.onClose}>
      <Failed error={lost} onRetry={again} />
    </Dialog>
  );
}
