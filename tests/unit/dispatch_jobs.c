/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs and every way in which a worker can end. This program is also the worker that it starts:
 * what one does stands in its job's settings, {"fake": "segv"}. And it is a server that is killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "dispatch/dispatcher.h"
#include "status/jobs.h"
#include "status/queues.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 }; // address space cannot be limited
#else
enum { SANITIZED = 0 };
#endif

static const char self[] = "/proc/self/exe";

static void sleep_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

/* --- the worker --- */

struct fake {
    const char *storage;
    char stdin_line[64];
};

static void say(const char *line)
{
    (void)!write(STDOUT_FILENO, line, strlen(line));
    (void)!write(STDOUT_FILENO, "\n", 1);
}

static bool read_line(char *line, size_t most)
{
    for (size_t i = 0; i + 1 < most && read(STDIN_FILENO, line + i, 1) == 1; i++) {
        if (line[i] == '\n') {
            line[i] = '\0';
            return true;
        }
    }
    return false;
}

static void write_file(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    close(open(path, O_WRONLY | O_CREAT, 0666));
}

static bool has_file(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return !access(path, F_OK);
}

static const char complete[] =
    "{\"type\":\"complete\",\"outputGroupDetails\":[{\"outputDetails\":[]}],"
    "\"event\":{\"paddingInserted\":7}}";

/* Shows s3://out/NAME once that is on record. */
static void show(struct fake *fake, const char *name)
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

static void be_complete(struct fake *fake)
{
    say("{\"type\":\"input\",\"inputDetails\":[{\"id\":1}]}");
    say("{\"type\":\"progress\",\"phase\":\"TRANSCODING\",\"percent\":50,\"frames\":123}");
    say("{\"type\":\"message\",\"code\":0,\"message\":\"by the way\"}");
    say("{\"type\":\"message\",\"code\":240000,\"message\":\"silence\"}");
    show(fake, "complete");
    say(complete);
}

static void be_error(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"error\",\"code\":1404,\"message\":\"no such file\"}");
}

static void be_signalled(int signal)
{
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigaction(signal, &normal, NULL);
    raise(signal);
}

static void be_segv(struct fake *fake)
{
    (void)fake;
    be_signalled(SIGSEGV);
}

static void be_killed(struct fake *fake)
{
    (void)fake;
    be_signalled(SIGKILL);
}

static void be_killed_after_show(struct fake *fake)
{
    show(fake, "shown1");
    show(fake, "shown2");
    be_signalled(SIGKILL);
}

/* Names an object that somebody else has put there before, and dies before it replaces it. */
static void be_killed_before_show(struct fake *fake)
{
    say("{\"type\":\"objects\",\"uris\":[\"s3://out/old\"]}");
    (void)read_line(fake->stdin_line, sizeof(fake->stdin_line));
    be_signalled(SIGKILL);
}

static void be_gone(struct fake *fake)
{
    (void)fake;
    fprintf(stderr, "first\nthe \033last line\n\n");
    _exit(3);
}

static void be_out_of_memory(struct fake *fake)
{
    (void)fake;
    void *block = mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block != MAP_FAILED && !SANITIZED)
        _exit(0);
    fprintf(stderr, "out of memory\n");
    be_signalled(SIGABRT);
}

static void be_garbage(struct fake *fake)
{
    (void)fake;
    say("Segment 1 of 7");
    say(complete);
    pause();
}

static void be_not_text(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"message\",\"code\":0,\"message\":\"\xff\"}");
    pause();
}

static void be_half(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"progress\",\"phase\":\"TRANSCODING\",\"percent\":101,\"frames\":1}");
    pause();
}

static void be_babbling(struct fake *fake)
{
    static char zeros[1 << 16];
    (void)fake;
    for (;;)
        (void)!write(STDOUT_FILENO, zeros, sizeof(zeros));
}

static void be_unasked(struct fake *fake)
{
    (void)fake;
    say("{\"type\":\"canceled\"}");
}

/* Leaves a child behind that holds its pipes. */
static void be_parent(struct fake *fake)
{
    if (!fork()) {
        pause();
        _exit(0);
    }
    be_complete(fake);
}

static void be_many(struct fake *fake)
{
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof(name), "many%d", i);
        show(fake, name);
    }
    say(complete);
    say("and more that nobody listens to");
}

static void say_canceled(int signal)
{
    (void)signal;
    say("{\"type\":\"canceled\"}");
    _exit(1);
}

static void be_slow(struct fake *fake)
{
    signal(SIGTERM, say_canceled);
    say("{\"type\":\"progress\",\"phase\":\"TRANSCODING\",\"percent\":1,\"frames\":1}");
    write_file(fake->storage, "slow.started");
    for (;;)
        pause();
}

static void be_deaf(struct fake *fake)
{
    signal(SIGTERM, SIG_IGN);
    show(fake, "deaf");
    write_file(fake->storage, "deaf.started");
    for (;;)
        pause();
}

static void be_brief(struct fake *fake)
{
    write_file(fake->storage, "brief.started");
    sleep_ms(300);
    be_complete(fake);
}

static void be_better_next_time(struct fake *fake)
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
    {"segv", be_segv},
    {"killed", be_killed},
    {"killed after show", be_killed_after_show},
    {"killed before show", be_killed_before_show},
    {"gone", be_gone},
    {"out of memory", be_out_of_memory},
    {"garbage", be_garbage},
    {"not text", be_not_text},
    {"half", be_half},
    {"babbling", be_babbling},
    {"unasked", be_unasked},
    {"parent", be_parent},
    {"many", be_many},
    {"slow", be_slow},
    {"deaf", be_deaf},
    {"brief", be_brief},
    {"better next time", be_better_next_time},
};

/* argv: worker --storage FOLDER */
static int worker(char **argv)
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

/* --- the place --- */

struct place {
    char top[64], storage_folder[80];
    const char *words[3];
    struct storage *storage;
    struct status *status;
    struct dispatcher *dispatcher;
    struct arena *arena;
    struct error err;
    int files; /* open at the start */
};

static void ok(struct place *p, int r)
{
    char text[1024];
    if (r < 0)
        fail_msg("%s", error_text(&p->err, text, sizeof(text)));
}

static int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void open_status(struct place *p)
{
    struct status_owner owner = {"us-east-1", "111122223333"};
    ok(p, status_open(&p->status, p->top, &owner, &p->err));
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->top, sizeof(p->top), "%s/dispatch.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(p->top))
        return -1;
    snprintf(p->storage_folder, sizeof(p->storage_folder), "%s/buckets", p->top);
    mkdir(p->storage_folder, 0777);
    p->words[0] = "--storage";
    p->words[1] = p->storage_folder;
    p->arena = arena_new();
    p->files = open_files();
    open_status(p);
    *state = p;
    return storage_open_folder(&p->storage, p->storage_folder, &p->err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* No zombie and no descriptor is left. */
static int teardown(void **state)
{
    struct place *p = *state;
    dispatcher_free(&p->dispatcher);
    status_close(&p->status);
    storage_free(&p->storage);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(open_files(), p->files);
    arena_free(&p->arena);
    nftw(p->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static void start(struct place *p, int concurrent)
{
    static char program[4096];
    program[readlink(self, program, sizeof(program) - 1)] = '\0';
    struct dispatcher_options options = {
        .store_words = p->words,
        .worker_program = program,
        .concurrent = concurrent,
        .memory_max = SANITIZED ? 0 : 256 << 20,
    };
    ok(p, dispatcher_start(&p->dispatcher, p->status, p->storage, &options, &p->err));
}

static const char *submit(struct place *p, const char *fake)
{
    struct new_job job = {
        .queue = "Default",
        .settings = arena_printf(p->arena, "{\"fake\":\n\"%s\"}", fake),
        .rest = "{}",
        .input = "",
    };
    struct job_record *record;
    ok(p, status_job_create(p->status, &job, p->arena, &record, &p->err));
    if (p->dispatcher)
        dispatcher_wake(p->dispatcher);
    return record->id;
}

static const struct job_record *job(struct place *p, const char *id)
{
    struct job_record *record;
    ok(p, status_job_get(p->status, id, p->arena, &record, &p->err));
    return record;
}

static const struct job_record *wait_for_end(struct place *p, const char *id)
{
    for (int i = 0; i < 2000; i++) {
        const struct job_record *record = job(p, id);
        if (job_status_is_final(record->status))
            return record;
        sleep_ms(10);
    }
    fail_msg("job %s does not end", id);
    return NULL;
}

static void wait_for_file(struct place *p, const char *name)
{
    for (int i = 0; i < 1000 && !has_file(p->storage_folder, name); i++)
        sleep_ms(10);
    assert_true(has_file(p->storage_folder, name));
}

static void expect_no_strays(struct place *p)
{
    const char *id, *uris;
    int attempt;
    int64_t since_us;
    ok(p, status_stray_objects(p->status, p->arena, &id, &attempt, &since_us, &uris, &p->err));
    assert_null(id);
}

/* --- how they end --- */

static const struct {
    const char *fake;
    enum job_status status;
    int code;
    const char *message; /* a part of it */
} rows[] = {
    {"complete", JOB_COMPLETE, 0, ""},
    {"parent", JOB_COMPLETE, 0, ""},
    {"many", JOB_COMPLETE, 0, ""},
    {"brief", JOB_COMPLETE, 0, ""},
    {"error", JOB_ERROR, 1404, "no such file"},
    {"segv", JOB_ERROR, 1999, "the worker was killed by signal 11 (Segmentation fault)"},
    {"killed", JOB_ERROR, 1999, "the worker was killed by signal 9 (Killed)"},
    {"killed after show", JOB_ERROR, 1999, "signal 9"},
    {"killed before show", JOB_ERROR, 1999, "signal 9"},
    {"gone", JOB_ERROR, 1999, "ended with status 3 before its job had: the ?last line"},
    {"out of memory", JOB_ERROR, 1999, ": out of memory"},
    {"garbage", JOB_ERROR, 1999, "'Segment 1 of 7' is nothing that a worker says"},
    {"not text", JOB_ERROR, 1999, "is nothing that a worker says"},
    {"half", JOB_ERROR, 1999, "progress is incomplete"},
    {"babbling", JOB_ERROR, 1999, "a line without end"},
    {"unasked", JOB_ERROR, 1999, "not by this server"},
};

static void put_old_object(struct place *p)
{
    static const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/out", p->storage_folder);
    mkdir(folder, 0777);
    write_file(folder, "old");
    snprintf(folder, sizeof(folder), "%s/out/old", p->storage_folder);
    utimensat(AT_FDCWD, folder, long_ago, 0);
}

static void test_ends(void **state)
{
    struct place *p = *state;
    const char *ids[COUNT(rows)];
    put_old_object(p);
    start(p, 3);
    for (size_t i = 0; i < COUNT(rows); i++)
        ids[i] = submit(p, rows[i].fake);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct job_record *record = wait_for_end(p, ids[i]);
        print_message("%s: %s\n", rows[i].fake, record->error_message);
        assert_int_equal(record->status, rows[i].status);
        assert_int_equal(record->error_code, rows[i].code);
        assert_int_equal(record->attempt, 1);
        assert_non_null(strstr(record->error_message, rows[i].message));
    }
    assert_true(has_file(p->storage_folder, "out/complete"));
    assert_true(has_file(p->storage_folder, "out/many19"));
    assert_false(has_file(p->storage_folder, "out/shown1"));
    assert_false(has_file(p->storage_folder, "out/shown2"));
    assert_true(has_file(p->storage_folder, "out/old"));
    expect_no_strays(p);

    struct dispatcher_counts counts;
    for (int i = 0; i < 100; i++) { // they are counted after they have ended
        dispatcher_counts(p->dispatcher, &counts);
        if (!counts.running && counts.crashed == 10)
            break;
        sleep_ms(10);
    }
    assert_int_equal(counts.started, COUNT(rows));
    assert_int_equal(counts.crashed, 10);
    assert_int_equal(counts.frames, 3 * 123);
}

static void test_what_is_told(void **state)
{
    struct place *p = *state;
    start(p, 1);
    const struct job_record *record = wait_for_end(p, submit(p, "complete"));
    assert_string_equal(record->output_groups, "[{\"outputDetails\":[]}]");
    assert_string_equal(record->infos, "[\"by the way\"]");
    assert_string_equal(record->warnings, "[\"silence\"]");
    assert_string_equal(record->warning_counts, "[{\"code\":240000,\"count\":1}]");
    assert_int_equal(record->percent, 100);
}

static void test_no_program(void **state)
{
    struct place *p = *state;
    struct dispatcher_options options = {.worker_program = "/no/such/program", .concurrent = 1};
    ok(p, dispatcher_start(&p->dispatcher, p->status, p->storage, &options, &p->err));
    const struct job_record *record = wait_for_end(p, submit(p, "complete"));
    assert_int_equal(record->error_code, 1999);
    assert_non_null(strstr(record->error_message,
                           "cannot start '/no/such/program': No such file or directory"));
}

static void test_concurrent(void **state)
{
    struct place *p = *state;
    const char *ids[6];
    start(p, 2);
    for (int i = 0; i < 6; i++)
        ids[i] = submit(p, "brief");
    int64_t most = 0;
    for (int i = 0; i < 6; i++) {
        while (!job_status_is_final(job(p, ids[i])->status)) {
            int64_t counts[JOB_STATUSES];
            ok(p, status_job_counts(p->status, counts, &p->err));
            most = counts[JOB_PROGRESSING] > most ? counts[JOB_PROGRESSING] : most;
            sleep_ms(5);
        }
    }
    assert_int_equal(most, 2);
}

/* --- cancelled --- */

static void check_cancel(struct place *p, const char *fake, const char *started)
{
    start(p, 1);
    const char *id = submit(p, fake);
    wait_for_file(p, started);
    int64_t began_us = clock_monotonic_us();
    ok(p, status_job_cancel(p->status, id, &p->err));
    dispatcher_wake(p->dispatcher);
    assert_int_equal(wait_for_end(p, id)->status, JOB_CANCELED);
    int64_t took_us = clock_monotonic_us() - began_us;
    if (!SANITIZED)
        assert_in_range(took_us, 0, 1200000);
    assert_false(has_file(p->storage_folder, "out/deaf"));
    expect_no_strays(p);
}

static void test_cancel(void **state)
{
    check_cancel(*state, "slow", "slow.started");
}

static void test_cancel_of_the_deaf(void **state)
{
    check_cancel(*state, "deaf", "deaf.started");
}

/* --- the end of the server --- */

static void test_drain_waits(void **state)
{
    struct place *p = *state;
    start(p, 1);
    const char *id = submit(p, "brief"), *next = submit(p, "brief");
    wait_for_file(p, "brief.started");
    dispatcher_drain(p->dispatcher, 60 * 1000000);
    assert_int_equal(job(p, id)->status, JOB_COMPLETE);
    assert_int_equal(job(p, next)->status, JOB_SUBMITTED);
}

static void test_drain_gives_up(void **state)
{
    struct place *p = *state;
    start(p, 2);
    const char *slow = submit(p, "better next time"), *deaf = submit(p, "deaf");
    wait_for_file(p, "slow.started");
    wait_for_file(p, "deaf.started");
    dispatcher_drain(p->dispatcher, 50 * 1000);
    assert_int_equal(job(p, slow)->status, JOB_SUBMITTED);
    assert_int_equal(job(p, deaf)->status, JOB_SUBMITTED);
    assert_false(has_file(p->storage_folder, "out/deaf"));
    dispatcher_free(&p->dispatcher);

    ok(p, status_job_cancel(p->status, deaf, &p->err));
    start(p, 1);
    const struct job_record *record = wait_for_end(p, slow);
    assert_int_equal(record->status, JOB_COMPLETE);
    assert_int_equal(record->attempt, 2);
}

/* A server in a process of its own; `deaf` shows an object and goes on. */
static void server(char **argv)
{
    struct place p = {0};
    snprintf(p.top, sizeof(p.top), "%s", argv[2]);
    snprintf(p.storage_folder, sizeof(p.storage_folder), "%s/buckets", argv[2]);
    p.words[0] = "--storage";
    p.words[1] = p.storage_folder;
    open_status(&p);
    ok(&p, storage_open_folder(&p.storage, p.storage_folder, &p.err));
    start(&p, 2);
    for (;;)
        pause();
}

/* Whether any process has this folder on its command line, the test's own apart. */
static bool somebody_works_on(const char *folder)
{
    char command[256];
    snprintf(command, sizeof(command), "pgrep -f -- '[-]-storage %s' > /dev/null", folder);
    return !system(command);
}

static void test_server_killed(void **state)
{
    struct place *p = *state;
    const char *deaf = submit(p, "deaf"), *slow = submit(p, "better next time");
    status_close(&p->status);
    pid_t pid = fork();
    if (!pid) {
        execl(self, self, "server", p->top, NULL);
        _exit(1);
    }
    wait_for_file(p, "deaf.started");
    wait_for_file(p, "slow.started");
    assert_true(has_file(p->storage_folder, "out/deaf"));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 100 && somebody_works_on(p->storage_folder); i++)
        sleep_ms(10);
    assert_false(somebody_works_on(p->storage_folder));

    open_status(p);
    ok(p, status_job_cancel(p->status, deaf, &p->err)); // it was running: marked
    start(p, 1);
    assert_int_equal(wait_for_end(p, deaf)->status, JOB_CANCELED);
    assert_int_equal(wait_for_end(p, slow)->status, JOB_COMPLETE);
    assert_int_equal(job(p, slow)->attempt, 2);
    assert_false(has_file(p->storage_folder, "out/deaf"));
    expect_no_strays(p);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ends),        TEST(test_what_is_told),   TEST(test_no_program),
        TEST(test_concurrent),  TEST(test_cancel),         TEST(test_cancel_of_the_deaf),
        TEST(test_drain_waits), TEST(test_drain_gives_up), TEST(test_server_killed),
    };
    signal(SIGPIPE, SIG_IGN);
    if (argc > 3 && !strcmp(argv[1], "worker"))
        return worker(argv);
    if (argc > 2 && !strcmp(argv[1], "server"))
        server(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
