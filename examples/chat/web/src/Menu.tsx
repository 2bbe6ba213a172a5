// A button with a menu: arrow keys move, Escape closes and gives the focus back.
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

interface MenuProps {
  label: string;
  className?: string;
  /** What the button shows. */
  button: ReactNode;
  /** `close` is for what has no item that is chosen. */
  children: (close: () => void) => ReactNode;
  /** Of items that stand in rows. */
  columns?: number;
}

export function Menu({ label, className = '', button, children, columns = 1 }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const around = useRef<HTMLDivElement>(null);
  const [isAbove, setAbove] = useState(false);
  const toggle = (open: boolean) => {
    // Where there is more room.
    setAbove(around.current!.getBoundingClientRect().top > innerHeight / 2);
    setOpen(open);
  };
  const close = () => {
    around.current?.querySelector('button')?.focus();
    toggle(false);
  };

  useEffect(() => {
    if (!isOpen) return;
    items(around.current)[0]?.focus();
    const outside = (event: PointerEvent) => {
      if (around.current?.contains(event.target as Node)) return;
      // Said aloud, as the item that has the focus goes without a word.
      around.current?.querySelector<HTMLElement>(':focus')?.blur();
      toggle(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [isOpen]);

  const keys = (event: KeyboardEvent) => {
    if (!isOpen) return;
    if (event.key === 'Escape' || event.key === 'Tab') {
      if (event.key === 'Escape') event.preventDefault();
      event.stopPropagation();
      close();
    } else {
      const all = items(around.current);
      const at = all.indexOf(document.activeElement as HTMLElement);
      const to = moved(event.key, at, all.length, columns);
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      all[to]?.focus();
    }
  };

  return (
    <div className={`menu ${className}`} ref={around} onKeyDown={keys}>
      <button
        type="button"
        className="icon-button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={label}
        title={label}
        onClick={() => toggle(!isOpen)}
      >
        {button}
      </button>
      {isOpen && (
        <div className={isAbove ? 'menu-list above' : 'menu-list'} role="menu" id={id} aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

export function MenuItem({ children, chosen, danger }: { children: ReactNode; chosen: () => void; danger?: boolean }) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} className={danger ? 'menu-item danger' : 'menu-item'} onClick={chosen}>
      {children}
    </button>
  );
}

const items = (within: HTMLElement | null) => [...(within?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];

/** Which item a key leads to; around at the ends. */
function moved(key: string, at: number, count: number, columns: number): number | undefined {
  const steps: Record<string, number> = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1 };
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  return steps[key] === undefined ? undefined : (at + steps[key] + count) % count;
}
