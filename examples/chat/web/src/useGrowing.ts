// Boxes that grow with their text, in browsers that do not do that by themselves (`field-sizing` in base.css).
import { useLayoutEffect, type RefObject } from 'react';

const GROWS = CSS.supports('field-sizing', 'content');

export function useGrowing(box: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    if (GROWS || !box.current) return;
    box.current.style.height = 'auto';
    box.current.style.height = `${box.current.scrollHeight + 2}px`;
  }, [box, text]);
}
