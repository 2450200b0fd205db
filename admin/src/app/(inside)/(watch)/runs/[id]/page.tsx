import { RunPage } from '@/features/runs/run-page';

/** One file answers for every id: the path has the real one. */
export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function OneRunPage() {
  return <RunPage />;
}
