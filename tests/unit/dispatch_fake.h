/* SPDX-License-Identifier: Apache-2.0 */
/* Every way in which a worker can behave: what one does stands in its job's settings, {"fake":
 * "segv"}. The program that includes this is also the worker that its dispatcher starts. */
#ifndef UNIT_DISPATCH_FAKE_H
#define UNIT_DISPATCH_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 }; // memory cannot be limited
#else
enum { SANITIZED = 0 };
#endif

static inline void sleep_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

struct fake {
    const char *storage;
    char stdin_line[64];
};

static inline void say(const char *line)
{
    (void)!write(STDOUT_FILENO, line, strlen(line));
    (void)!write(STDOUT_FILENO, "\n", 1);
}

static inline bool read_line(char *line, size_t most)
{
    for (size_t i = 0; i + 1 < most && read(STDIN_FILENO, line + i, 1) == 1; i++) {
        if (line[i] == '\n') {
            line[i] = '\0';
            return true;
        }
    }
    return false;
}

static inline void write_file(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    close(open(path, O_WRONLY | O_CREAT, 0666));
}

static inline bool has_file(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return !access(path, F_OK);
}

static const char complete[] =
    "{\"type\":\"complete\",\"outputGroupDetails\":[{\"outputDetails\":[]}],"
    "\"event\":{\"paddingInserted\":7}}";

/* Shows s3://out/NAME once that is on record. */
static inline void show(struct fake *fake, const char *name)
{
    char line[256], path[512];
    snprintf(line, sizeof(line), "{\"type\":\"objects\",\"uris\":[\"s3://out/%s\"]}", name);
    say(line);
    if (!read_line(fake->stdin_line, sizeof(fake->stdin_line)) ||
        strcmp(fake->stdin_line, "recorded"))
        _exit(1);
    snprintf(path, sizeof(path), "%s/out", fake->storage);
    mkdir(path, 0777);
    write_file(path, name);
}

static inline void be_complete(struct fake *fake)
{
    say("{\"type\":\"input\",\"inputDetails\":[{\"id\":1}]}");
    say("{\"type\":\"progress\",\"phase\":\"TRANSCODING\",\"percent\":50,\"frames\":123}");
    say("{\"type\":\"retries\",\"count\":2}");
    say("{\"type\":\"retries\",\"count\":1}");
    say("{\"type\":\"message\",\"code\":0,\"message\":\"by the way\"}");
    say("{\"type\":\"message\",\"code\":240000,\"message\":\"silence\"}");
    show(fake, "complete");
    say(complete);
}

static inline void be_error(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"error\",\"code\":1404,\"message\":\"no such file\"}");
}

static inline void be_refused_memory(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"error\",\"code\":1999,\"message\":\"encoder [Cannot allocate memory]\"}");
}

/* Fails, and cannot take back what it has shown. */
static inline void be_littering(struct fake *fake)
{
    show(fake, "litter");
    say("{\"type\":\"error\",\"code\":3451,\"message\":\"gone\",\"left\":true}");
}

static inline void be_signalled(int signal)
{
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigaction(signal, &normal, NULL);
    raise(signal);
}

static inline void be_segv(struct fake *fake)
{
    (void)fake;
    be_signalled(SIGSEGV);
}

static inline void be_killed(struct fake *fake)
{
    (void)fake;
    be_signalled(SIGKILL);
}

static inline void be_killed_after_show(struct fake *fake)
{
    show(fake, "shown1");
    show(fake, "shown2");
    be_signalled(SIGKILL);
}

/* Names an object that somebody else has put there before, and dies before it replaces it. */
static inline void be_killed_before_show(struct fake *fake)
{
    say("{\"type\":\"objects\",\"uris\":[\"s3://out/old\"]}");
    (void)read_line(fake->stdin_line, sizeof(fake->stdin_line));
    be_signalled(SIGKILL);
}

static inline void be_gone(struct fake *fake)
{
    (void)fake;
    fprintf(stderr, "first\nthe \033last line\n\n");
    _exit(3);
}

static inline void be_out_of_memory(struct fake *fake)
{
    (void)fake;
    void *block = mmap(NULL, 1 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block != MAP_FAILED && !SANITIZED)
        _exit(0);
    fprintf(stderr, "out of memory\n");
    be_signalled(SIGABRT);
}

static inline void be_busy(struct fake *fake)
{
    (void)fake;
    for (volatile int forever = 1; forever;)
        continue;
}

static inline void be_garbage(struct fake *fake)
{
    (void)fake;
    say("Segment 1 of 7");
    say(complete);
    pause();
}

static inline void be_not_text(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"message\",\"code\":0,\"message\":\"\xff\"}");
    pause();
}

static inline void be_half(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"progress\",\"phase\":\"TRANSCODING\",\"percent\":101,\"frames\":1}");
    pause();
}

static inline void be_babbling(struct fake *fake)
{
    static char zeros[1 << 16];
    (void)fake;
    for (;;)
        (void)!write(STDOUT_FILENO, zeros, sizeof(zeros));
}

static inline void be_unasked(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"canceled\"}");
}

/* Leaves a child behind that holds its pipes. */
static inline void be_parent(struct fake *fake)
{
    if (!fork()) {
        pause();
        _exit(0);
    }
    be_complete(fake);
}

static inline void be_many(struct fake *fake)
{
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof(name), "many%d", i);
        show(fake, name);
    }
    say(complete);
    say("and more that nobody listens to");
}

static inline void say_canceled(int signal)
{
    (void)signal;
    say("{\"type\":\"canceled\"}");
    _exit(1);
}

static inline void be_slow(struct fake *fake)
{
    signal(SIGTERM, say_canceled);
    say("{\"type\":\"progress\",\"phase\":\"TRANSCODING\",\"percent\":1,\"frames\":1}");
    write_file(fake->storage, "slow.started");
    for (;;)
        pause();
}

static inline void be_deaf(struct fake *fake)
{
    signal(SIGTERM, SIG_IGN);
    show(fake, "deaf");
    write_file(fake->storage, "deaf.started");
    for (;;)
        pause();
}

/* Makes what the deaf one makes. */
static inline void be_twin(struct fake *fake)
{
    show(fake, "deaf");
    say(complete);
}

static inline void be_brief(struct fake *fake)
{
    write_file(fake->storage, "brief.started");
    sleep_ms(300);
    be_complete(fake);
}

static inline void be_better_next_time(struct fake *fake)
{
    if (has_file(fake->storage, "slow.started"))
        be_complete(fake);
    else
        be_slow(fake);
}

static const struct {
    const char *name;
    void (*be)(struct fake *fake);
} fakes[] = {
    {"complete", be_complete},
    {"error", be_error},
    {"refused memory", be_refused_memory},
    {"littering", be_littering},
    {"segv", be_segv},
    {"killed", be_killed},
    {"killed after show", be_killed_after_show},
    {"killed before show", be_killed_before_show},
    {"gone", be_gone},
    {"out of memory", be_out_of_memory},
    {"busy", be_busy},
    {"garbage", be_garbage},
    {"not text", be_not_text},
    {"half", be_half},
    {"babbling", be_babbling},
    {"unasked", be_unasked},
    {"parent", be_parent},
    {"many", be_many},
    {"slow", be_slow},
    {"deaf", be_deaf},
    {"twin", be_twin},
    {"brief", be_brief},
    {"better next time", be_better_next_time},
};

/* argv: worker --storage FOLDER */
static inline int worker(char **argv)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct fake fake = {.storage = argv[3]};
    struct json *job;
    struct error err;
    size_t at;
    if (!read_line(fake.stdin_line, sizeof(fake.stdin_line)))
        return 9;
    size_t size = strtoul(fake.stdin_line, NULL, 10);
    char *text = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        if (read(STDIN_FILENO, text + i, 1) != 1)
            return 9;
    if (json_parse(arena, text, size, &job, &at, &err) < 0)
        return 9;
    for (size_t i = 0; i < COUNT(fakes); i++)
        if (!strcmp(fakes[i].name, json_find(job, "/settings/fake")->string))
            fakes[i].be(&fake);
    return 0;
}

#endif
