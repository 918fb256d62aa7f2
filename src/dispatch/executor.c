/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/newborn.h"
#include "dispatch/protocol.h"

enum {
    STDERR_KEPT = 4096, /* the last bytes of it */
    READ_AT_ONCE = 1 << 16,
    FILES_MOST = 4096, /* that a worker may open: each rendition has a few */
    CPU_GRACE_S = 5,   /* from SIGXCPU to SIGKILL */
};

/* What a sanitizer maps for itself counts as memory of the process. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

struct execution {
    pid_t pid;
    int in, out, errors; /* our ends of its stdin, stdout and stderr; -1: closed */
    int life;            /* a pidfd: readable when the process has ended; -1: it was reaped */
    int64_t memory_max, cpu_max_s, kills_before;
    int wait_status;

    struct text unsent;
    size_t sent; /* of that */
    struct text said;
    size_t taken; /* of that, by execution_line() */
    bool babbles;
    char last_words[STDERR_KEPT];
    size_t last_words_size;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* How many processes the kernel has killed for want of memory since it was started. */
static int64_t out_of_memory_kills(void)
{
    long long kills = 0;
    char line[128];
    FILE *file = fopen("/proc/vmstat", "re");
    while (file && fgets(line, sizeof(line), file) && sscanf(line, "oom_kill %lld", &kills) != 1)
        continue;
    if (file)
        fclose(file);
    return kills;
}

/* --- start --- */

/* What the new process needs between fork() and exec(), where nothing may be allocated. */
struct birth {
    pid_t parent;
    const char *const *words;
    int in, out, errors, report; /* its ends; a failure's errno goes to `report` */
    int64_t memory_max, cpu_max_s;
};

/* RLIMIT_DATA, not RLIMIT_AS: of its address space a program reserves much that it never uses,
 * malloc() alone 64 MiB for each thread. */
static void set_limits(const struct birth *birth)
{
    rlim_t memory = (rlim_t)birth->memory_max, cpu_s = (rlim_t)birth->cpu_max_s;
    newborn_limit(RLIMIT_CORE, 0, 0);
    newborn_limit(RLIMIT_NOFILE, FILES_MOST, RLIM_INFINITY);
    if (memory && !SANITIZED)
        newborn_limit(RLIMIT_DATA, memory, memory);
    if (cpu_s)
        newborn_limit(RLIMIT_CPU, cpu_s, cpu_s + CPU_GRACE_S);
}

/* In the new process, which has a copy of one thread only. */
static void become_worker(const struct birth *birth)
{
    newborn_begin(birth->parent);
    setpgid(0, 0);
    set_limits(birth);
    newborn_goes_first();

    // what libraries have opened, sockets above all; kernels before 5.11 cannot
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (dup2(birth->in, STDIN_FILENO) >= 0 && dup2(birth->out, STDOUT_FILENO) >= 0 &&
        dup2(birth->errors, STDERR_FILENO) >= 0)
        execv(birth->words[0], (char *const *)birth->words);
    int why = errno;
    (void)!write(birth->report, &why, sizeof(why));
    _exit(1);
}

/* Four pipes whose ends are all above stdin, stdout and stderr, so that dup2() has the last word on
 * these; all close themselves when the program is executed. */
static int make_pipe(int ends[2])
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(low[i]);
    }
    return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static int fail_to_start(const char *program, int why, struct error *err)
{
    return error_set(err, ERROR_UNKNOWN, "cannot start '%s': %s", program, strerror(why));
}

/* The pipe is closed when the program is executed; else it tells why it was not. */
static int was_executed(const struct execution *execution, int report, const char *program,
                        struct error *err)
{
    int why = 0;
    ssize_t size;
    do
        size = read(report, &why, sizeof(why));
    while (size < 0 && errno == EINTR);
    if (size == 0)
        return 0;
    waitpid(execution->pid, NULL, 0);
    return fail_to_start(program, why, err);
}

static int start_process(struct execution *execution, const struct execution_options *options,
                         int pipes[4][2], struct error *err)
{
    struct birth birth = {
        .parent = getpid(),
        .words = options->words,
        .in = pipes[0][0],
        .out = pipes[1][1],
        .errors = pipes[2][1],
        .report = pipes[3][1],
        .memory_max = options->memory_max,
        .cpu_max_s = options->cpu_max_s,
    };
    execution->kills_before = out_of_memory_kills();
    execution->pid = fork();
    if (execution->pid == 0)
        become_worker(&birth);
    if (execution->pid < 0)
        return fail_to_start(options->words[0], errno, err);
    setpgid(execution->pid, execution->pid); // whoever is first
    close_fd(&pipes[3][1]);
    if (was_executed(execution, pipes[3][0], options->words[0], err) < 0)
        return -1;
    execution->life = (int)syscall(SYS_pidfd_open, execution->pid, 0);
    if (execution->life < 0) {
        int why = errno;
        kill(execution->pid, SIGKILL);
        waitpid(execution->pid, NULL, 0);
        return fail_to_start(options->words[0], why, err);
    }
    return 0;
}

static int keep(int *from)
{
    int fd = *from;
    *from = -1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

static int start(struct execution *execution, const struct execution_options *options,
                 struct error *err)
{
    int pipes[4][2] = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}}; // in, out, errors, report
    int r = 0;
    for (int i = 0; i < 4 && r == 0; i++)
        if (make_pipe(pipes[i]) < 0)
            r = fail_to_start(options->words[0], errno, err);
    if (r == 0)
        r = start_process(execution, options, pipes, err);
    if (r == 0) {
        execution->in = keep(&pipes[0][1]);
        execution->out = keep(&pipes[1][0]);
        execution->errors = keep(&pipes[2][0]);
    }
    for (int i = 0; i < 4; i++) {
        close_fd(&pipes[i][0]);
        close_fd(&pipes[i][1]);
    }
    return r;
}

int execution_start(struct execution **ret, const struct execution_options *options,
                    const char *job, size_t size, struct error *err)
{
    struct execution *execution = calloc(1, sizeof(*execution));
    if (!execution)
        return error_set(err, ERROR_UNKNOWN, "out of memory");
    execution->in = execution->out = execution->errors = execution->life = -1;
    execution->memory_max = options->memory_max;
    execution->cpu_max_s = options->cpu_max_s;
    if (start(execution, options, err) < 0) {
        free(execution);
        return -1;
    }
    text_add(&execution->unsent, "%zu\n", size);
    text_append(&execution->unsent, job, size);
    *ret = execution;
    return 0;
}

/* --- pipes --- */

/* Its owner has more lines to take than he should let wait. */
static bool is_behind(const struct execution *e)
{
    return e->said.size - e->taken > 2 * PROTOCOL_LINE_MOST;
}

void execution_fds(const struct execution *e, struct pollfd fds[EXECUTION_FDS])
{
    fds[0] = (struct pollfd){e->sent < e->unsent.size ? e->in : -1, POLLOUT, 0};
    fds[1] = (struct pollfd){is_behind(e) ? -1 : e->out, POLLIN, 0};
    fds[2] = (struct pollfd){e->errors, POLLIN, 0};
    fds[3] = (struct pollfd){e->life, POLLIN, 0};
}

/* A worker that has closed its stdin hears nothing more; that it does is its owner's to find. The
 * server ignores SIGPIPE, and if not, this thread blocks it. */
static void send_some(struct execution *e)
{
    while (e->in >= 0 && e->sent < e->unsent.size) {
        ssize_t size = write(e->in, e->unsent.data + e->sent, e->unsent.size - e->sent);
        if (size < 0 && errno == EAGAIN)
            return;
        if (size < 0 && errno != EINTR)
            close_fd(&e->in);
        e->sent += size > 0 ? (size_t)size : 0;
    }
    text_release(&e->unsent);
    e->sent = 0;
}

/* One read(); what remains is there at the next turn. Returns whether there was something. */
static bool read_some(int *fd, char *bytes, size_t *ret_size)
{
    ssize_t size;
    if (*fd < 0)
        return false;
    do
        size = read(*fd, bytes, READ_AT_ONCE);
    while (size < 0 && errno == EINTR);
    if (size == 0 || (size < 0 && errno != EAGAIN))
        close_fd(fd);
    *ret_size = size > 0 ? (size_t)size : 0;
    return size > 0;
}

static void hear(struct execution *e, const char *bytes, size_t size)
{
    if (e->babbles)
        return;
    if (e->taken) {
        memmove(e->said.data, e->said.data + e->taken, e->said.size - e->taken);
        e->said.size -= e->taken;
        e->taken = 0;
    }
    text_append(&e->said, bytes, size);
    e->babbles =
        e->said.size > PROTOCOL_LINE_MOST && !memchr(e->said.data, '\n', PROTOCOL_LINE_MOST);
}

static void keep_last_words(struct execution *e, const char *bytes, size_t size)
{
    if (size > STDERR_KEPT) {
        bytes += size - STDERR_KEPT;
        size = STDERR_KEPT;
    }
    size_t room = STDERR_KEPT - e->last_words_size;
    size_t drop = size > room ? size - room : 0;
    memmove(e->last_words, e->last_words + drop, e->last_words_size - drop);
    e->last_words_size -= drop;
    memcpy(e->last_words + e->last_words_size, bytes, size);
    e->last_words_size += size;
}

/* Its children, if it had any, hold its pipes open; they go, too. */
static void reap(struct execution *e)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)e->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
        return;
    kill(-e->pid, SIGKILL); // as long as it is a zombie, its number is nobody else's
    while (waitpid(e->pid, &e->wait_status, 0) < 0 && errno == EINTR)
        continue;
    close_fd(&e->life);
    close_fd(&e->in);
}

void execution_move(struct execution *e)
{
    char bytes[READ_AT_ONCE];
    size_t size;
    bool lived = e->life >= 0;
    if (lived)
        reap(e);
    send_some(e);
    bool heard = !e->babbles && !is_behind(e) && read_some(&e->out, bytes, &size);
    if (heard)
        hear(e, bytes, size);
    if (read_some(&e->errors, bytes, &size)) {
        keep_last_words(e, bytes, size);
        heard = true;
    }
    if (!lived && !heard) { // what it had written is read, and nobody is there to write more
        close_fd(&e->out);
        close_fd(&e->errors);
    }
}

char *execution_line(struct execution *e, size_t *ret_size)
{
    char *line = e->said.data + e->taken;
    char *end = e->said.size > e->taken ? memchr(line, '\n', e->said.size - e->taken) : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    *ret_size = (size_t)(end - line);
    e->taken += *ret_size + 1;
    return line;
}

bool execution_babbles(const struct execution *execution)
{
    return execution->babbles;
}

bool execution_is_silent(const struct execution *execution)
{
    return execution->out < 0;
}

void execution_tell(struct execution *execution, const char *text)
{
    bool listens = execution->unsent.size < 2 * PROTOCOL_JOB_MOST;
    if (execution->in >= 0 && listens)
        text_append(&execution->unsent, text, strlen(text));
}

/* --- end --- */

void execution_signal(struct execution *execution, int signal)
{
    if (execution->life >= 0)
        kill(-execution->pid, signal);
}

bool execution_ended(const struct execution *execution)
{
    return execution->life < 0 && (execution->out < 0 || execution->babbles) &&
           execution->errors < 0;
}

void execution_add_limit(const struct execution *e, const char *words, size_t size,
                         struct text *out)
{
    static const char *const telling[] = {"out of memory", "Cannot allocate memory"};
    for (size_t i = 0; i < COUNT(telling) && e->memory_max > 0; i++) {
        if (memmem(words, size, telling[i], strlen(telling[i]))) {
            text_add(out, "; it may have %lld MiB", (long long)(e->memory_max >> 20));
            return;
        }
    }
}

static void add_last_line(const struct execution *e, struct text *out)
{
    size_t end = e->last_words_size;
    while (end && e->last_words[end - 1] == '\n')
        end--;
    const char *line = end ? memrchr(e->last_words, '\n', end) : NULL;
    line = line ? line + 1 : e->last_words;
    size_t size = (size_t)(e->last_words + end - line);
    if (!size)
        return;
    text_add(out, ": ");
    text_add_printable(out, line, size);
}

void execution_how(const struct execution *e, struct text *out)
{
    int status = e->wait_status;
    if (WIFSIGNALED(status)) {
        int signal = WTERMSIG(status);
        const char *name = sigdescr_np(signal);
        text_add(out, "the worker was killed by signal %d (%s)", signal, name ? name : "unknown");
        if (signal == SIGKILL && out_of_memory_kills() > e->kills_before)
            text_add(out, " because the machine ran out of memory");
        if (signal == SIGXCPU)
            text_add(out, "; it may have %lld s", (long long)e->cpu_max_s);
    } else {
        text_add(out, "the worker ended with status %d before its job had", WEXITSTATUS(status));
    }
    execution_add_limit(e, e->last_words, e->last_words_size, out);
    add_last_line(e, out);
}

void execution_free(struct execution **execution)
{
    struct execution *e = *execution;
    if (!e)
        return;
    if (e->life >= 0) {
        execution_signal(e, SIGKILL);
        waitpid(e->pid, NULL, 0);
    }
    close_fd(&e->in);
    close_fd(&e->out);
    close_fd(&e->errors);
    close_fd(&e->life);
    text_release(&e->unsent);
    text_release(&e->said);
    free(e);
    *execution = NULL;
}
