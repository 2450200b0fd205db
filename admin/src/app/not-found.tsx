import { NotHere } from '@/components/shell/not-here';

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center">
      <div>
        <NotHere />
      </div>
    </main>
  );
}
