'use client';

import { useEffect, useEffectEvent, useState, type DragEvent as Dragged } from 'react';

interface FileDrop {
  /** Files are over it. */
  isOver: boolean;
  /** Goes onto the element that takes them. */
  area: { onDragOver: (event: Dragged) => void; onDragLeave: (event: Dragged) => void; onDrop: (event: Dragged) => void };
}

/** Files that are dropped on an element; anything else that is dragged over it is left alone. */
export function useFileDrop(onFiles: (files: File[]) => void, isOn = true): FileDrop {
  const [isOver, setIsOver] = useState(false);
  const area = {
    onDragOver: (event: Dragged) => {
      if (!isOn || !event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      setIsOver(true);
    },
    onDragLeave: (event: Dragged) => {
      if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setIsOver(false);
    },
    onDrop: (event: Dragged) => {
      setIsOver(false);
      if (!isOn || event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      onFiles([...event.dataTransfer.files]);
    },
  };
  return { isOver, area };
}

/** Whether files are dragged that nothing has taken; the browser's own field for files takes what is dropped on it. */
function isStray(event: DragEvent): boolean {
  const isField = event.target instanceof HTMLInputElement && event.target.type === 'file';
  return !event.defaultPrevented && !isField && event.dataTransfer?.types.includes('Files') === true;
}

/** Takes files that are dropped anywhere on the page, and says whether some are over it. */
export function usePageDrop(onFiles: (files: File[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const take = useEffectEvent((event: DragEvent) => {
    setIsOver(event.type === 'dragover' && isStray(event));
    if (!isStray(event)) return;
    event.preventDefault();
    if (event.type === 'drop') onFiles([...(event.dataTransfer?.files ?? [])]);
  });
  useEffect(() => {
    const hear = (event: DragEvent) => take(event);
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    // On the way down, before whatever keeps strays out.
    addEventListener('dragover', hear, true);
    addEventListener('drop', hear, true);
    addEventListener('dragleave', leave, true);
    return () => {
      removeEventListener('dragover', hear, true);
      removeEventListener('drop', hear, true);
      removeEventListener('dragleave', leave, true);
    };
  }, []);
  return isOver;
}

/** A file that misses what takes it would be opened by the browser in place of the page: nothing happens instead. */
export function useDropGuard(): void {
  useEffect(() => {
    const keep = (event: DragEvent) => {
      if (!isStray(event)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none';
    };
    addEventListener('dragover', keep);
    addEventListener('drop', keep);
    return () => {
      removeEventListener('dragover', keep);
      removeEventListener('drop', keep);
    };
  }, []);
}
