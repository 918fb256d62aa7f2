/* SPDX-License-Identifier: Apache-2.0 */
#include "function/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/newborn.h"

enum {
    FILES_MOST = 1024,      /* that a process may have open: Lambda's limit */
    MEMORY_SPARE_MIB = 256, /* see limit_memory() */
    GIVE_UP_MS = 2000,      /* on children that do not die: they hang in the kernel */
    CHILDREN_TEXT_MAX = 4096,
};

/* What the guard tells the server, once: that it has started the process, then how this ended. */
struct word {
    int32_t child; /* or -errno: it could not be started */
    int32_t status;
    int32_t ended;
};

/* ======== the function's process, between fork() and exec(): system calls only ======== */

/*
 * RLIMIT_DATA bounds what a process has written to or may write to. Node.js reserves gigabytes of
 * address space that do not count here (RLIMIT_AS cannot be used with it): it starts with 54 MiB,
 * Python with boto3 with 43. Stacks of threads count with their full 8 MiB though only little of
 * them is used, hence the spare. What is really used is looked at by process.c; this is what keeps
 * a process from taking the machine's memory between two looks.
 */
static void limit_memory(int memory_mib)
{
    rlim_t most = ((rlim_t)memory_mib + MEMORY_SPARE_MIB) << 20;
    newborn_limit(RLIMIT_DATA, most, most);
}

/* Closes what libraries have opened, sockets above all; one by one with kernels before 5.9. */
static void close_from(int first, int spared)
{
    if (spared > first && close_range((unsigned)first, (unsigned)spared - 1, 0) == 0 &&
        close_range((unsigned)spared + 1, ~0U, 0) == 0)
        return;
    if (spared < first && close_range((unsigned)first, ~0U, 0) == 0)
        return;
    struct rlimit files = {FILES_MOST, FILES_MOST};
    getrlimit(RLIMIT_NOFILE, &files);
    for (int fd = first; fd < (int)files.rlim_cur; fd++)
        if (fd != spared)
            close(fd);
}

static void write_text(int fd, const char *text)
{
    (void)!write(fd, text, strlen(text));
}

static _Noreturn void become_function(const struct guard_options *options, pid_t guard)
{
    newborn_begin(guard);
    setsid();
    umask(022);
    newborn_limit(RLIMIT_CORE, 0, 0);
    newborn_limit(RLIMIT_NOFILE, FILES_MOST, FILES_MOST);
    limit_memory(options->memory_mib);
    newborn_goes_first();
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(options->output, STDOUT_FILENO) < 0 ||
        dup2(options->output, STDERR_FILENO) < 0)
        _exit(1);
    close_from(STDERR_FILENO + 1, -1);
    if (chdir(options->folder) == 0)
        execve(options->words[0], (char *const *)options->words,
               (char *const *)options->environment);
    write_text(STDERR_FILENO, "cannot execute ");
    write_text(STDERR_FILENO, options->words[0]);
    write_text(STDERR_FILENO, "\n");
    _exit(127);
}

/* ======== the guard: system calls only, too ======== */

/* Kills each of its children with its process group. The list is text: numbers and spaces. (A
 * kernel without CONFIG_PROC_CHILDREN has none; then only the function's own group is killed.) */
static void kill_children(void)
{
    char text[CHILDREN_TEXT_MAX];
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));
    pid_t pid = 0;
    for (ssize_t i = 0; i < size; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            pid = 10 * pid + (text[i] - '0');
            continue;
        }
        if (pid > 1 && getpgid(pid) == pid)
            kill(-pid, SIGKILL);
        if (pid > 1)
            kill(pid, SIGKILL);
        pid = 0;
    }
    if (fd >= 0)
        close(fd);
}

/* Reaps whom it can; when the function's process is among them, its group goes with it. Returns
 * whether there is anybody left. */
static bool reap(pid_t child, struct word *word)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
            return errno != ECHILD;
        if (!info.si_pid)
            return true;
        if (info.si_pid == child)
            kill(-child, SIGKILL); // as long as it is a zombie, its number is nobody else's
        int status = 0;
        waitpid(info.si_pid, &status, 0);
        if (info.si_pid == child) {
            word->status = status;
            word->ended = 1;
        }
    }
}

static void wait_for_a_child(int signals, int timeout_ms)
{
    struct signalfd_siginfo info;
    struct pollfd waited = {.fd = signals, .events = POLLIN};
    if (poll(&waited, 1, timeout_ms) > 0)
        (void)!read(signals, &info, sizeof(info));
}

/* Until none is left: the children of those that are killed become ours. */
static void kill_all(pid_t child, int signals, struct word *word)
{
    enum { LOOK_MS = 20 };
    if (!word->ended)
        kill(-child, SIGKILL);
    for (int waited_ms = 0; waited_ms < GIVE_UP_MS; waited_ms += LOOK_MS) {
        kill_children();
        if (!reap(child, word))
            return;
        wait_for_a_child(signals, LOOK_MS);
    }
}

static void say(int lifeline, const struct word *word)
{
    (void)!send(lifeline, word, sizeof(*word), MSG_NOSIGNAL);
}

/* Until the function's process ends, or the server says something or is gone. */
static void watch(int lifeline, int signals, struct word *word)
{
    struct pollfd waited[] = {{.fd = lifeline, .events = POLLIN},
                              {.fd = signals, .events = POLLIN}};
    while (!word->ended) {
        struct signalfd_siginfo info;
        if (poll(waited, 2, -1) < 0)
            continue;
        if (waited[1].revents) {
            (void)!read(signals, &info, sizeof(info));
            reap(word->child, word);
        }
        if (waited[0].revents)
            return;
    }
}

static _Noreturn void become_guard(const struct guard_options *options, int lifeline)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid(); // an interrupt on the terminal is the server's
    prctl(PR_SET_NAME, "function-guard");
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    pid_t guard = getpid(), child = _Fork();
    if (child == 0)
        become_function(options, guard);
    struct word word = {.child = child > 0 ? child : -errno};
    // nothing of the server's may be kept open by this one
    dup2(lifeline, STDIN_FILENO);
    close_from(STDIN_FILENO + 1, -1);
    say(STDIN_FILENO, &word);
    if (child < 0)
        _exit(1);
    int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    watch(STDIN_FILENO, signals, &word);
    if (word.ended)
        say(STDIN_FILENO, &word);
    kill_all(child, signals, &word);
    _exit(0);
}

/* ======== the server ======== */

static int hear(struct guard *guard, struct word *ret, int flags)
{
    ssize_t size;
    do
        size = recv(guard->lifeline, ret, sizeof(*ret), flags);
    while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN)
        return 0;
    return size == sizeof(*ret) ? 1 : -1;
}

int guard_start(struct guard *guard, const struct guard_options *options, struct error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set(err, ERROR_BUG, "cannot make a socket: %s", strerror(errno));
    // no handler of the server's may run in the child
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become_guard(options, ends[1]);
    int why = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    *guard = (struct guard){.pid = pid, .lifeline = ends[0], .status = -1};
    struct word word = {0};
    if (pid > 0 && hear(guard, &word, 0) > 0 && word.child > 0) {
        guard->child = word.child;
        return 0;
    }
    why = pid < 0 ? why : word.child ? -word.child : ECHILD;
    if (pid < 0) {
        close(ends[0]);
        *guard = (struct guard){0};
    }
    guard_release(guard);
    return error_set(err, ERROR_BUG, "cannot start a process: %s", strerror(why));
}

void guard_look(struct guard *guard)
{
    struct word word;
    int heard = guard->ended ? 0 : hear(guard, &word, MSG_DONTWAIT);
    if (!heard)
        return;
    guard->ended = true;
    guard->status = heard > 0 ? word.status : -1;
}

void guard_kill(struct guard *guard)
{
    if (guard->pid > 0)
        shutdown(guard->lifeline, SHUT_WR);
}

void guard_release(struct guard *guard)
{
    if (guard->pid <= 0)
        return;
    guard_kill(guard);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(guard->lifeline);
    *guard = (struct guard){0};
}
