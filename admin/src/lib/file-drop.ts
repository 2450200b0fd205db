'use client';

import { useState, type DragEvent } from 'react';

interface FileDrop {
  /** Files are over it. */
  isOver: boolean;
  /** Goes onto the element that takes them. */
  area: { onDragOver: (event: DragEvent) => void; onDragLeave: (event: DragEvent) => void; onDrop: (event: DragEvent) => void };
}

/** Files that are dropped on an element; anything else that is dragged over it is left alone. */
export function useFileDrop(onFiles: (files: File[]) => void, isOn = true): FileDrop {
  const [isOver, setIsOver] = useState(false);
  const area = {
    onDragOver: (event: DragEvent) => {
      if (!isOn || !event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      setIsOver(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setIsOver(false);
    },
    onDrop: (event: DragEvent) => {
      setIsOver(false);
      if (!isOn || event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      onFiles([...event.dataTransfer.files]);
    },
  };
  return { isOver, area };
}
