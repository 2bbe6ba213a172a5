// A modal dialog: the browser keeps the focus in it and closes it on Escape. The focus begins at what is marked
// with data-first.
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Icon } from './icons.js';

/** Whether Escape is for a dialog, and not for what is behind it. */
export const isDialogOpen = () => document.querySelector('dialog[open]') !== null;

interface DialogProps {
  title: string;
  close: () => void;
  className?: string;
  children: ReactNode;
}

export function Dialog({ title, close, className = '', children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current!;
    const before = document.activeElement as HTMLElement | null;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      dialog.close();
      before?.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      className={className}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => event.target === element.current && close()}
    >
      <div className="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  label: string;
  disabled: boolean;
  cancel: () => void;
  className?: string;
}

/** The last row of a form: do it, or leave things as they are. */
export function Confirm({ label, disabled, cancel, className = '' }: ConfirmProps) {
  return (
    <div className={`buttons ${className}`}>
      <button className="primary" disabled={disabled}>
        {label}
      </button>
      <button type="button" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}
