/*
 * The launcher of attempts, as a small program of its own: what the script in shell-launcher.ts does, at a fraction of its
 * cost. It reads requests from standard input, and forks a keeper for each: a process that names itself, claims its
 * attempt, starts the agent, and records how that ended. Keepers, like the shell of attempt-shell.ts, need neither this
 * program nor the engine to live: an attempt whose engine and launcher have died still has its exit recorded.
 *
 * A request is its length in eight decimal digits, then that many bytes: words that each end with a zero byte.
 *   id, directory, prompt, output, errors,
 *   number of variables to take away, their names, number of variables to set, NAME=value …,
 *   identity, claim, exit, boot, pid namespace, host, the agent's argv
 * What is not changed of the environment is the launcher's own. Lines on standard output:
 *   <id> <pid> <line of /proc/<pid>/stat>   the attempt is claimed, and its agent is about to start
 *   <id>                                    it is over, or was never claimed
 *   (empty)                                 a keeper has left the process table
 *
 * The order within a keeper is what the engine relies on (attempt-files.ts): identity, claim, exit opened, agent;
 * nothing is opened by name once the agent could have put something else there; the exit is recorded before the agent
 * is reaped. Linux only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* As of the shell's, in attempt-shell.ts: the right to run was taken. */
enum { CLAIM_TAKEN = 75, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

extern char **environ;

/* ---- words of a request ------------------------------------------------------------------------- */

struct request {
  char *at;
  char *end;
};

static char *word(struct request *request) {
  if (request->at >= request->end) return NULL;
  char *start = request->at;
  request->at += strlen(start) + 1;
  return start;
}

static int number(struct request *request) {
  char *text = word(request);
  return text == NULL ? 0 : atoi(text);
}

/* ---- files --------------------------------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, text, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return -1;
    text += written;
    length -= (size_t)written;
  }
  return 0;
}

static int write_text(int fd, const char *text) { return write_all(fd, text, strlen(text)); }

/* A file that is made by this call, with this text. */
static int create(const char *file, const char *text) {
  int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  int failed = write_text(fd, text);
  close(fd);
  return failed;
}

/* The right to run: another name of the identity, which is not `void`; where there are no hard links, a file of its own. */
static int take_claim(const char *identity, const char *claim) {
  if (link(identity, claim) == 0) return 0;
  return errno == EEXIST ? -1 : create(claim, "run\n");
}

/* Our line of /proc/self/stat, without its newline. */
static int stat_line(char *line, size_t size) {
  int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, line, size - 1);
  close(fd);
  if (length <= 0) return -1;
  line[length] = '\0';
  line[strcspn(line, "\n")] = '\0';
  return 0;
}

/* ---- the keeper of an attempt -------------------------------------------------------------------- */

/* The signal by which the attempt was asked to stop; 0: by none. */
static volatile sig_atomic_t asked = 0;

static void outlive(int signal) {
  if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) asked = signal;
}

static const int outlived[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};

/* With the signals that a keeper outlives held back, so that none is lost on the way: they reach the agent. */
static void start_agent(char **argv, const int *files) {
  for (size_t i = 0; i < sizeof outlived / sizeof *outlived; i += 1) signal(outlived[i], SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int fd = 0; fd < 3; fd += 1) {
    if (dup2(files[fd], fd) < 0) _exit(NOT_EXECUTABLE);
  }
  execvp(argv[0], argv);
  int code = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
  const char *why = code == NOT_FOUND ? "not found" : strerror(errno);
  dprintf(2, "codex-orch-attempt: %s: %s\n", argv[0], why);
  _exit(code);
}

/* Never returns. `report`: where lines for the engine go. */
static void keep(struct request *request, int report) {
  const char *id = word(request), *directory = word(request);
  const char *prompt = word(request), *output = word(request), *errors = word(request);
  for (int i = number(request); i > 0; i -= 1) {
    char *name = word(request);
    if (name != NULL) unsetenv(name);
  }
  for (int i = number(request); i > 0; i -= 1) {
    char *entry = word(request);
    if (entry != NULL) putenv(entry);
  }
  const char *identity = word(request), *claim = word(request), *exit_file = word(request);
  const char *boot = word(request), *pid_namespace = word(request), *host = word(request);
  char over[64];
  snprintf(over, sizeof over, "%s\n", id);

  setpgid(0, 0);
  struct sigaction action = {.sa_handler = outlive, .sa_flags = SA_RESTART};
  sigset_t held;
  sigemptyset(&held);
  for (size_t i = 0; i < sizeof outlived / sizeof *outlived; i += 1) {
    sigaction(outlived[i], &action, NULL);
    sigaddset(&held, outlived[i]);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  int files[3] = {-1, -1, -1};
  int exit_fd = -1;
  int is_claimed = 0;
  char line[2048], text[4096];
  if (chdir(directory) != 0) goto end;
  files[0] = open(prompt, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  files[1] = open(output, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  files[2] = open(errors, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (files[0] < 0 || files[1] < 0 || files[2] < 0) goto end;
  if (stat_line(line, sizeof line) != 0) goto end;
  int length = snprintf(text, sizeof text, "%d\n%s\n%s\n%s\n%s\n", (int)getpid(), line, boot,
                        pid_namespace, host);
  if (length >= (int)sizeof text || create(identity, text) != 0) goto end;
  if (take_claim(identity, claim) != 0) goto end;
  is_claimed = 1;
  /* With its block: the exit is recorded on a full disk, too. */
  exit_fd = open(exit_file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  write_text(exit_fd, "\n");
  length = snprintf(text, sizeof text, "%s %d %s\n", id, (int)getpid(), line);
  write_all(report, text, (size_t)length);

  size_t count = 0;
  for (char *at = request->at; at < request->end; at += strlen(at) + 1) count += 1;
  char **argv = calloc(count + 1, sizeof *argv);
  for (size_t i = 0; i < count; i += 1) argv[i] = word(request);

  int code = NOT_EXECUTABLE;
  sigprocmask(SIG_BLOCK, &held, NULL);
  /* Who was asked to stop before it began would never hear of it. */
  if (asked != 0) code = 128 + asked;
  /* The agent borrows this process until it is executed: nothing of it is copied. */
  pid_t agent = asked != 0 || argv == NULL || count == 0 ? -1 : vfork();
  if (agent == 0) start_agent(argv, files);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int fd = 0; fd < 3; fd += 1) close(files[fd]);
  if (agent > 0) {
    siginfo_t ended;
    while (waitid(P_PID, (id_t)agent, &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
    code = ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status;
  }
  snprintf(text, sizeof text, "%d\n", code);
  write_text(exit_fd, text);
  if (agent > 0) waitpid(agent, NULL, 0);
  write_text(report, over);
  _exit(code);

end:
  write_text(report, over);
  _exit(is_claimed ? NOT_EXECUTABLE : CLAIM_TAKEN);
}

/* ---- the launcher -------------------------------------------------------------------------------- */

static int read_all(int fd, char *into, size_t length) {
  while (length > 0) {
    ssize_t got = read(fd, into, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    into += got;
    length -= (size_t)got;
  }
  return 0;
}

/* Reads a request and forks its keeper. False at the end of the requests, or where no process can be made: then the
 * engine settles by the claim what became of what it asked for. */
static int serve(int requests, int report) {
  char size_text[9] = {0};
  if (read_all(requests, size_text, 8) != 0) return 0;
  size_t size = strtoul(size_text, NULL, 10);
  char *bytes = malloc(size + 1);
  if (bytes == NULL || read_all(requests, bytes, size) != 0) return 0;
  bytes[size] = '\0';
  struct request request = {bytes, bytes + size};
  pid_t keeper = fork();
  if (keeper == 0) {
    close(requests);
    keep(&request, report);
  }
  free(bytes);
  return keeper > 0;
}

static void reap(int report) {
  int any = 0;
  while (waitpid(-1, NULL, WNOHANG) > 0) any = 1;
  if (any) write_text(report, "\n");
}

int main(void) {
  char line[2048];
  if (stat_line(line, sizeof line) != 0) return 1;
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  signal(SIGPIPE, SIG_IGN);
  int deaths = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  int requests = fcntl(0, F_DUPFD_CLOEXEC, 3), report = fcntl(1, F_DUPFD_CLOEXEC, 3);
  /* Kept taken, so that no file of an attempt gets a number that its agent is given another for. */
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (deaths < 0 || requests < 0 || report < 0 || nothing < 0) return 1;
  if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0) return 1;
  struct pollfd watched[] = {{requests, POLLIN, 0}, {deaths, POLLIN, 0}};
  for (;;) {
    if (poll(watched, 2, -1) < 0 && errno != EINTR) return 1;
    if (watched[1].revents != 0) {
      struct signalfd_siginfo told;
      while (read(deaths, &told, sizeof told) > 0) continue;
      reap(report);
    }
    if (watched[0].revents != 0 && !serve(requests, report)) return 0;
  }
}
