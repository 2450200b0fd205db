import NextLink from 'next/link';

/** A way to another page of ours. Nothing of it is loaded before it is taken: a list of fifty would load fifty. */
export function Link(props: React.ComponentProps<typeof NextLink>) {
  return <NextLink {...props} prefetch={false} />;
}
