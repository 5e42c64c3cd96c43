/** Asks before something is done that is not undone easily: says what it will do, then does it. */
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { ApiFailure } from '../data/api.ts';
import { FailureBox } from './failure.tsx';

interface ConfirmProps {
  title: string;
  /** The verb on the button. */
  verb: string;
  danger?: boolean;
  children: ReactNode;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  disabled?: boolean;
}

export function Confirm(props: ConfirmProps) {
  const { title, verb, danger = false, children, onConfirm, onClose, disabled = false } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <h2>{title}</h2>
        <div className="dialog-body">{children}</div>
        {failure && <FailureBox failure={failure} />}
        <div className="row end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={danger ? 'danger' : 'primary'}
            disabled={busy || disabled}
          >
            {busy ? 'Working…' : verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
