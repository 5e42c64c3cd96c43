/** The frame and the addresses of the views. Views that not everyone opens are read when they are. */
import { lazy, Suspense, useEffect } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { Overview } from '../api/overview.ts';
import type { ServerInfo } from '../api/server.ts';
import { listenToProgram, setTitleCount, useConnection } from './data/program-live.ts';
import { useResource } from './data/resource.ts';
import { useTheme, type Theme } from './data/theme.ts';
import { Keys } from './keys.tsx';
import { Icon, type IconName } from './parts/icons.tsx';
import { Empty, Pending } from './parts/pieces.tsx';
import { SignInAgain } from './parts/sign-in-again.tsx';
import { ViewBoundary } from './parts/view-boundary.tsx';
import { OverviewView } from './views/home/overview.tsx';

const ProgramView = lazy(async () => ({
  default: (await import('./views/program/program.tsx')).ProgramView,
}));
const TaskView = lazy(async () => ({
  default: (await import('./views/program/task.tsx')).TaskView,
}));
const FileView = lazy(async () => ({
  default: (await import('./views/program/files.tsx')).FileView,
}));
const StartView = lazy(async () => ({
  default: (await import('./views/start/start.tsx')).StartView,
}));
const RunsView = lazy(async () => ({ default: (await import('./views/run/runs.tsx')).RunsView }));
const RunView = lazy(async () => ({ default: (await import('./views/run/run.tsx')).RunView }));
const InstanceView = lazy(async () => ({
  default: (await import('./views/instance/instance.tsx')).InstanceView,
}));
const InboxView = lazy(async () => ({
  default: (await import('./views/inbox/inbox.tsx')).InboxView,
}));
const ProposalsView = lazy(async () => ({
  default: (await import('./views/inbox/proposals.tsx')).ProposalsView,
}));

export function App() {
  useEffect(listenToProgram, []);
  const server = useResource<ServerInfo>('/api/server');
  const [place] = useLocation();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        To the content
      </a>
      <Side name={server.data?.program_name ?? ''} dir={server.data?.program_dir ?? ''} />
      <div id="content">
        <SignInAgain />
        <Keys />
        <ViewBoundary place={place}>
          <Suspense fallback={<Pending rows={6} />}>
            <Views />
          </Suspense>
        </ViewBoundary>
      </div>
    </div>
  );
}

function Views() {
  return (
    <Switch>
      <Route path="/">
        <OverviewView />
      </Route>
      <Route path="/program/tasks/:task/:tab?">
        {({ task, tab }) => <TaskView key={task} id={task} tab={tab ?? ''} />}
      </Route>
      <Route path="/program/files/*">
        <FileView />
      </Route>
      <Route path="/program/:tab?/:item?">
        {({ tab, item }) => <ProgramView tab={tab ?? ''} item={item ?? null} />}
      </Route>
      <Route path="/start">
        <StartView />
      </Route>
      <Route path="/runs">
        <RunsView />
      </Route>
      <Route path="/runs/:run/instances/:instance/:tab?">
        {({ run, instance, tab }) => (
          <InstanceView key={instance} runId={run} instanceId={instance} tab={tab ?? ''} />
        )}
      </Route>
      <Route path="/runs/:run/:tab?">
        {({ run, tab }) => <RunView key={run} runId={run} tab={tab ?? ''} />}
      </Route>
      <Route path="/inbox/:run?/:interrupt?">
        {({ run, interrupt }) => <InboxView runId={run ?? null} interruptId={interrupt ?? null} />}
      </Route>
      <Route path="/proposals/:run?/:proposal?">
        {({ run, proposal }) => <ProposalsView runId={run ?? null} proposalId={proposal ?? null} />}
      </Route>
      <Route>
        <main className="view narrow">
          <Empty title="There is no such page">
            <Link href="/">To the overview</Link>
          </Empty>
        </main>
      </Route>
    </Switch>
  );
}

const places: { href: string; label: string; icon: IconName }[] = [
  { href: '/', label: 'Overview', icon: 'overview' },
  { href: '/inbox', label: 'Inbox', icon: 'inbox' },
  { href: '/runs', label: 'Runs', icon: 'runs' },
  { href: '/program', label: 'Program', icon: 'program' },
  { href: '/proposals', label: 'Proposals', icon: 'proposals' },
];

function Side({ name, dir }: { name: string; dir: string }) {
  const [location] = useLocation();
  const { data } = useResource<Overview>('/api/overview');
  const open = data?.questions.length ?? 0;
  const counts: Record<string, number> = {
    '/inbox': open,
    '/proposals': data?.open_proposals ?? 0,
  };
  useEffect(() => setTitleCount(open), [open, location]);
  return (
    <header className="side">
      <Link href="/" className="brand" title={dir}>
        <img src="/icon.svg" alt="" />
        <div>
          <strong className="ellipsis">{name || 'codex-orch'}</strong>
          <small>codex-orch</small>
        </div>
      </Link>
      <nav className="nav" aria-label="Views">
        {places.map(({ href, label, icon }) => {
          const current =
            href === '/' ? location === '/' : location === href || location.startsWith(`${href}/`);
          const count = counts[href] ?? 0;
          return (
            <Link
              key={href}
              href={href}
              aria-current={
                current || (href === '/program' && location === '/start') ? 'page' : undefined
              }
            >
              <Icon name={icon} />
              {label}
              {count > 0 && (
                <span className={href === '/inbox' ? 'count wait' : 'count'}>{count}</span>
              )}
            </Link>
          );
        })}
      </nav>
      <div className="side-foot">
        <ConnectionState />
        <ThemeButton />
      </div>
    </header>
  );
}

const connectionWords = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'Reconnecting…',
  back: 'Back, and up to date',
};

function ConnectionState() {
  const connection = useConnection();
  return (
    <span
      className={`connection ${connection}`}
      role="status"
      title={
        connection === 'lost'
          ? 'The server does not answer. Runs go on without it; this page returns by itself.'
          : 'What you see is kept up to date'
      }
    >
      <i aria-hidden="true" />
      <span className="ellipsis">{connectionWords[connection]}</span>
    </span>
  );
}

const themes: Record<Theme, { next: Theme; icon: IconName; label: string }> = {
  system: { next: 'light', icon: 'system', label: 'Theme: as the system' },
  light: { next: 'dark', icon: 'sun', label: 'Theme: light' },
  dark: { next: 'system', icon: 'moon', label: 'Theme: dark' },
};

function ThemeButton() {
  const [theme, setTheme] = useTheme();
  const { next, icon, label } = themes[theme];
  return (
    <button
      type="button"
      className="quiet theme"
      title={`${label}. Click for: ${next}`}
      aria-label={label}
      onClick={() => setTheme(next)}
    >
      <Icon name={icon} />
    </button>
  );
}
