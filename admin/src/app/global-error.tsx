'use client';

/** The last resort: something in these pages themselves broke, before or beside their languages. */
export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main>
          <h1>This page broke</h1>
          <p>Nothing was changed by it. Load it again; if it breaks again, the server’s log and the browser’s console help to find out why.</p>
          <button type="button" onClick={reset}>
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
