/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs and every way in which a worker can end; and a server that is killed, which this program can
 * be, too. */
#include "dispatch_place.h"

#include "base/clock.h"

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
    {"out of memory", JOB_ERROR, 1999, "signal 6 (Aborted); it may have 256 MiB: out of memory"},
    {"refused memory", JOB_ERROR, 1999, "[Cannot allocate memory]; it may have 256 MiB"},
    {"busy", JOB_ERROR, 1999, "signal 24 (CPU time limit exceeded); it may have 2 s"},
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
        if (!counts.running && counts.crashed == 11)
            break;
        sleep_ms(10);
    }
    assert_int_equal(counts.started, COUNT(rows));
    assert_int_equal(counts.crashed, 11);
    assert_int_equal(counts.frames, 3 * 123);
    assert_int_equal(counts.s3_retries, 3 * 2);
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

/* Of a job that runs, too. */
static void test_busy_is_counted(void **state)
{
    struct place *p = *state;
    struct dispatcher_counts before, after;
    start(p, 1);
    submit(p, "slow");
    wait_for_file(p, "slow.started");
    sleep_ms(500);
    dispatcher_counts(p->dispatcher, &before);
    sleep_ms(500);
    dispatcher_counts(p->dispatcher, &after);
    assert_int_equal(after.frames, 1);
    assert_in_range(before.busy_us, 200 * 1000, 60 * 1000000);
    assert_in_range(after.busy_us - before.busy_us, 200 * 1000, 60 * 1000000);
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ends),
        TEST(test_what_is_told),
        TEST(test_no_program),
        TEST(test_concurrent),
        TEST(test_busy_is_counted),
        TEST(test_cancel),
        TEST(test_cancel_of_the_deaf),
        TEST(test_drain_waits),
        TEST(test_drain_gives_up),
        TEST(test_server_killed),
    };
    signal(SIGPIPE, SIG_IGN);
    if (argc > 3 && !strcmp(argv[1], "worker"))
        return worker(argv);
    if (argc > 2 && !strcmp(argv[1], "server"))
        server(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
