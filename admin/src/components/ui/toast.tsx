'use client';

import { createContext, useCallback, useContext, useEffect, useState } from 'react';

const SHOWN_MS = 5_000;

const ToastContext = createContext<(text: string) => void>(() => undefined);

/** Says that something was done, for a moment, seen and read out. Never for errors: those stay where they happened. */
export function useToast(): (text: string) => void {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { children: React.ReactNode }) {
  const [toast, setToast] = useState<{ text: string; number: number } | null>(null);
  const show = useCallback((text: string) => {
    setToast((before) => ({ text, number: (before?.number ?? 0) + 1 }));
  }, []);
  useEffect(() => {
    if (toast === null) return undefined;
    const timer = setTimeout(() => {
      setToast(null);
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [toast]);
  return (
    <ToastContext.Provider value={show}>
      {children}
      <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-20 z-50 flex justify-center px-4 lg:bottom-6">
        {toast !== null && (
          <p key={toast.number} className="rounded-lg bg-ink px-4 py-2.5 text-sm font-medium text-ground shadow-lg">
            {toast.text}
          </p>
        )}
      </div>
    </ToastContext.Provider>
  );
}
