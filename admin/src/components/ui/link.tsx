'use client';

import { useRouter } from 'next/navigation';

type LinkProps = Omit<React.ComponentProps<'a'>, 'href'> & { href: string };

/**
 * A way to another page of ours, which keeps what stands around it. Nothing of that page is loaded before it is taken: a list of fifty would load
 * fifty. The link of Next is for loading ahead; without that it is this, and each page would bring two kilobytes more.
 */
export function Link({ onClick, ...props }: LinkProps) {
  const router = useRouter();
  return (
    <a
      {...props}
      onClick={(event) => {
        onClick?.(event);
        // Another tab, another window, a download: the browser knows how.
        const isElsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || (props.target ?? '_self') !== '_self' || props.download !== undefined;
        if (event.defaultPrevented || isElsewhere) return;
        event.preventDefault();
        router.push(props.href);
      }}
    />
  );
}
