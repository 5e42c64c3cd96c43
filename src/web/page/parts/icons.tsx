/** The page's pictures: small, drawn with the colour of the text around them, silent for readers. */
import type { ReactNode } from 'react';

const shapes = {
  overview: <path d="M2.5 9.5h4v4h-4zM9.5 2.5h4v11h-4zM2.5 2.5h4v4h-4z" />,
  inbox: <path d="M2.5 9 4.4 3.2h7.2L13.5 9v4.3h-11zM2.5 9h3.2l.8 1.8h3L10.3 9h3.2" />,
  runs: <path d="M3 4h10M3 8h7M3 12h4.5M13 10v4M11 12h4" />,
  program: (
    <path d="M5 3.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0ZM14 12.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0ZM5 12.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0ZM5 3.5h2.5A1.5 1.5 0 0 1 9 5v6a1.5 1.5 0 0 0 1.5 1.5M5 12.5h4" />
  ),
  proposals: <path d="M8 2.5v6M5 5.5h6M5 11.5h6M2.5 14h11" />,
  play: <path d="M5 3.2 12.5 8 5 12.8z" />,
  clock: <path d="M13.5 8a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0ZM8 4.8V8l2.2 1.6" />,
  retry: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5" />,
  stop: <path d="M4.5 4.5h7v7h-7z" />,
  settle: <path d="M3 8.5 6 11l7-7M3 13.5h10" />,
  left: <path d="M10 3.5 5.5 8l4.5 4.5" />,
  right: <path d="M6 3.5 10.5 8 6 12.5" />,
  down: <path d="M3.5 6 8 10.5 12.5 6" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  plus: <path d="M8 3v10M3 8h10" />,
  sun: (
    <path d="M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
  ),
  moon: <path d="M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6Z" />,
  system: <path d="M2.5 3h11v8h-11zM6 13.5h4M8 11v2.5" />,
  loop: (
    <path d="M4.5 5.5h6A2.5 2.5 0 0 1 13 8v0a2.5 2.5 0 0 1-2.5 2.5h-5A2.5 2.5 0 0 1 3 8M6.5 3.5l-2 2 2 2" />
  ),
  route: (
    <path d="M3 8h3.5c2 0 2-4 4-4H13M6.5 8c2 0 2 4 4 4H13M11.5 2.5 13 4l-1.5 1.5M11.5 10.5 13 12l-1.5 1.5" />
  ),
  warn: <path d="M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1" />,
  error: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 5v3.6M8 10.9v.1" />,
  info: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 7.3V11M8 5.1v.1" />,
  file: <path d="M4 2.5h5l3 3v8H4zM9 2.5v3h3" />,
  terminal: <path d="M2.5 3.5h11v9h-11zM5 6.5 7 8 5 9.5M8.5 10h2.5" />,
  pencil: <path d="m3 13 .6-2.8L10.8 3 13 5.2l-7.2 7.2zM9.3 4.5l2.2 2.2" />,
  trash: <path d="M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 9h5.8l.6-9" />,
  person: (
    <path d="M10.5 5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM3 13.5c.4-2.6 2.3-4 5-4s4.600 1.400 5 4" />
  ),
  robot: (
    <path d="M3.500 6h9v6.500h-9zM8 6V3.500M6.200 9v.8M9.800 9v.8M1.800 8.500v2M14.200 8.500v2" />
  ),
  copy: <path d="M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3" />,
  download: <path d="M8 2.500v7.500M5 7.500l3 3 3-3M3 13.500h10" />,
  search: <path d="M11 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM10 10l3.500 3.500" />,
  globe: (
    <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM2 8h12M8 2c2 2 2.500 4 2.500 6S10 12 8 14c-2-2-2.500-4-2.500-6S6 4 8 2Z" />
  ),
  check: <path d="m3 8.500 3.300 3.200L13 5" />,
  tool: <path d="M9.500 6.500 3 13M9.200 3.300a3 3 0 0 0 3.800 3.800L11 9 7 5z" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shapes[name]}
    </svg>
  );
}
