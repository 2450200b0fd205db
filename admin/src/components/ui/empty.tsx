/** Nothing is here: why, and what to do next. */
export function Empty({ icon, title, hint, children }: { icon?: React.ReactNode; title: string; hint: string; children?: React.ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 px-6 py-14 text-center">
      {icon !== undefined && <div className="mb-1 grid size-11 place-items-center rounded-full bg-sunken text-soft">{icon}</div>}
      <p className="font-semibold">{title}</p>
      <p className="max-w-sm text-soft">{hint}</p>
      {children !== undefined && <div className="mt-3 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}
