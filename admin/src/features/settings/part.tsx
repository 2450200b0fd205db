import { Card } from '@/components/ui/card';

/** A part of the settings under its name. */
export function Part({ title, hint, children }: { title: string; hint?: React.ReactNode; children: React.ReactNode }) {
  return (
    <Card className="p-4 sm:p-5">
      <h2 className="font-semibold">{title}</h2>
      {hint !== undefined && <p className="text-sm text-soft">{hint}</p>}
      <div className="mt-3">{children}</div>
    </Card>
  );
}
