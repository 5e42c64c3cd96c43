/** Copies a text, and says that it did. */
import { useState } from 'react';
import { Icon } from './icons.tsx';
import './copy-button.css';

const saidMs = 1_500;

export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [said, say] = useState<'Copied' | 'Not copied' | null>(null);
  const copy = async (): Promise<void> => {
    const ok = await copyText(text());
    say(ok ? 'Copied' : 'Not copied');
    setTimeout(() => say(null), saidMs);
  };
  return (
    <button type="button" className="quiet copy" title={label} onClick={() => void copy()}>
      <Icon name={said === 'Copied' ? 'check' : 'copy'} />
      <span className="sr">{label}</span>
      <span role="status" className="copy-said">
        {said}
      </span>
    </button>
  );
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not over plain http from another machine: then the way of old.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const ok = document.execCommand('copy');
    area.remove();
    return ok;
  }
}
