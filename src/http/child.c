/* SPDX-License-Identifier: Apache-2.0 */
#include "http/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* Between fork and exec: nothing but system calls. */
static void become(const char *const *words, const struct child_limits *limits, int out, int null)
{
    struct rlimit memory = {(rlim_t)limits->memory_max, (rlim_t)limits->memory_max};
    struct rlimit cpu = {(rlim_t)limits->cpu_s, (rlim_t)limits->cpu_s};
    struct rlimit core = {0, 0};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); // the server's threads have signals blocked
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setpgid(0, 0);
    // what libraries have opened, sockets above all; kernels before 5.11 cannot
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if ((limits->memory_max && setrlimit(RLIMIT_AS, &memory) < 0) ||
        setrlimit(RLIMIT_CPU, &cpu) < 0 || setrlimit(RLIMIT_CORE, &core) < 0 ||
        dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        _exit(127);
    execv(words[0], (char *const *)words);
    _exit(127);
}

static int start(const char *const *words, const struct child_limits *limits, int *ret_out,
                 pid_t *ret_pid, struct error *err)
{
    int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || pipe2(ends, O_CLOEXEC) < 0) {
        if (null >= 0)
            close(null);
        return error_set(err, ERROR_BUG, "cannot start '%s': %s", words[0], strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0)
        become(words, limits, ends[1], null);
    int why = errno;
    close(ends[1]);
    close(null);
    if (pid < 0) {
        close(ends[0]);
        return error_set(err, ERROR_BUG, "cannot start '%s': %s", words[0], strerror(why));
    }
    *ret_out = ends[0];
    *ret_pid = pid;
    return 0;
}

static int check_time(const struct child_limits *limits, int64_t start_us, struct cancel *cancel,
                      struct error *err)
{
    if (cancel_requested(cancel))
        return error_set(err, ERROR_CANCELED, "canceled");
    if (clock_monotonic_us() > start_us + limits->timeout_us)
        return error_set(err, ERROR_BUG, "it took longer than %d s",
                         (int)(limits->timeout_us / 1000000));
    return 0;
}

/* Reads until the child closes its end. */
static int read_all(int from, const struct child_limits *limits, int64_t start_us,
                    struct cancel *cancel, struct text *output, struct error *err)
{
    enum { LOOK_MS = 100 };
    char block[16 * 1024];
    for (;;) {
        struct pollfd waited = {.fd = from, .events = POLLIN};
        if (check_time(limits, start_us, cancel, err) < 0)
            return -1;
        if (poll(&waited, 1, LOOK_MS) <= 0)
            continue;
        ssize_t got = read(from, block, sizeof(block));
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return error_set(err, ERROR_BUG, "cannot read what it says: %s", strerror(errno));
        if (got > 0)
            text_append(output, block, (size_t)got);
        if (output->size > limits->output_max)
            return error_set(err, ERROR_BUG, "it says more than %zu bytes", limits->output_max);
    }
}

/* Waits until the child has ended, which may be long after it has closed its output. */
static int wait_for_end(pid_t pid, const struct child_limits *limits, int64_t start_us,
                        struct cancel *cancel, int *ret_status, struct error *err)
{
    enum { LOOK_US = 1000 };
    pid_t ended;
    while ((ended = waitpid(pid, ret_status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (check_time(limits, start_us, cancel, err) < 0)
            return -1;
        usleep(LOOK_US);
    }
    return 0;
}

int child_run(const char *const *words, const struct child_limits *limits, struct cancel *cancel,
              struct text *output, int *ret_status, struct error *err)
{
    int out, wait_status = 0;
    int64_t start_us = clock_monotonic_us();
    pid_t pid;
    if (start(words, limits, &out, &pid, err) < 0)
        return -1;
    int r = read_all(out, limits, start_us, cancel, output, err);
    close(out);
    if (r == 0)
        r = wait_for_end(pid, limits, start_us, cancel, &wait_status, err);
    if (r < 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
            continue;
    }
    *ret_status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    return r;
}
