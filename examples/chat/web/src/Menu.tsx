// A button with a menu: arrow keys move, Escape closes and gives the focus back.
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

interface MenuProps {
  label: string;
  className?: string;
  /** What the button shows. */
  button: ReactNode;
  /** `close` is for what has no item that is chosen. */
  children: (close: () => void) => ReactNode;
}

export function Menu({ label, className = '', button, children }: MenuProps) {
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
      if (!around.current?.contains(event.target as Node)) toggle(false);
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
    } else if (moves[event.key]) {
      event.preventDefault();
      event.stopPropagation();
      moveFocus(items(around.current), moves[event.key]!);
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

const moves: Record<string, (at: number, count: number) => number> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

function moveFocus(all: HTMLElement[], move: (at: number, count: number) => number): void {
  all[move(all.indexOf(document.activeElement as HTMLElement), all.length)]?.focus();
}
