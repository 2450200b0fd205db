import { ChangePage } from '@/features/changes/change-page';

/** One file answers for every id: the path has the real one. */
export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function OneChangePage() {
  return <ChangePage />;
}
