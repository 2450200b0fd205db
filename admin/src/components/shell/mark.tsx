/** The sign: a door with a keyhole, since everything goes through one. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round" className={className} aria-hidden>
      <path d="M5 21V9a7 7 0 0 1 14 0v12" />
      <path d="M3 21h18" />
      <circle cx="12" cy="12" r="1.75" />
      <path d="M12 13.75V17" />
    </svg>
  );
}
