import { Plus } from 'lucide-react';
import { Button } from './button';

/** The way to something new, beside a page's title. */
export function AddButton({ label, forbidden, onClick }: { label: string; forbidden: string | null; onClick: () => void }) {
  return (
    <Button size="small" forbidden={forbidden} onClick={onClick}>
      <Plus className="size-4" aria-hidden />
      {label}
    </Button>
  );
}
