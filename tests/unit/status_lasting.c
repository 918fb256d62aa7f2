/* SPDX-License-Identifier: Apache-2.0 */
/* What was acknowledged is there: after a kill in the midst of it, and with many threads. */
#include "status_place.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"

enum { ID = 20, KILLS = 8, THREADS = 4, EACH = 60 };

static void integrity(struct place *p)
{
    CLEANUP(transaction_end) struct transaction t = reading(p->status);
    CLEANUP(statement_done) struct statement *s = statement(t.database, "PRAGMA integrity_check");
    ok(p, statement_row(s, &p->err));
    assert_string_equal(column_text(s, p->arena), "ok");
}

/* In a process of its own: makes jobs and runs every other one to its end, and says so of each when
 * it is done ("c" or "e" and the id). Until it is killed. */
static void burst(struct place *p, int out)
{
    if (place_open(p) < 0)
        _exit(1);
    p->status->now_us = clock_true_us;
    for (int i = 0;; i++) {
        char line[1 + ID + 1];
        struct job_record *job = submit(p, "Default", 0);
        snprintf(line, sizeof(line), "c%s", job->id);
        if (write(out, line, 1 + ID) < 0)
            _exit(1);
        if (i % 2)
            continue;
        job = next(p);
        complete(p, job);
        snprintf(line, sizeof(line), "e%s", job->id);
        if (write(out, line, 1 + ID) < 0)
            _exit(1);
    }
}

struct counts {
    int created, ended;
};

/* Every line that the burst got out is true. */
static void check_acknowledged(struct place *p, int in, struct counts *counts)
{
    char line[1 + ID + 1] = "";
    FILE *lines = fdopen(in, "r");
    while (fread(line, 1, 1 + ID, lines) == 1 + ID) {
        struct job_record *job = get(p, line + 1);
        if (line[0] == 'e')
            assert_int_equal(job->status, JOB_COMPLETE);
        counts->created += line[0] == 'c';
        counts->ended += line[0] == 'e';
    }
    fclose(lines);
}

/* What must be none, whatever was interrupted. */
static const char *const contradictions[] = {
    // a COMPLETE without its event
    "SELECT count(*) FROM jobs WHERE status = 2 AND id NOT IN (SELECT json ->> '$.detail.jobId'"
    " FROM events WHERE json ->> '$.detail.status' = 'COMPLETE')",
    // an end that is told twice
    "SELECT count(*) - count(DISTINCT json ->> '$.detail.jobId') FROM events"
    " WHERE json ->> '$.detail.status' = 'COMPLETE'",
    "SELECT count(*) FROM jobs WHERE number NOT IN (SELECT job FROM job_texts)",
    // counts that are wrong
    "SELECT count(*) FROM (SELECT queue, status, count(*) FROM jobs GROUP BY queue, status"
    " EXCEPT SELECT * FROM job_counts)",
    "SELECT (SELECT count(*) FROM jobs) - (SELECT sum(jobs) FROM job_counts)",
};

static void consistent(struct place *p)
{
    CLEANUP(transaction_end) struct transaction t = reading(p->status);
    for (size_t i = 0; i < COUNT(contradictions); i++) {
        CLEANUP(statement_done) struct statement *s = statement(t.database, contradictions[i]);
        ok(p, statement_row(s, &p->err));
        int found = column_int(s);
        if (found)
            fail_msg("%d: %s", found, contradictions[i]);
    }
}

static void killed(void **state)
{
    struct place *p = *state;
    struct counts counts = {0};
    for (int i = 0; i < KILLS; i++) {
        status_close(&p->status);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            burst(p, ends[1]);
        }
        close(ends[1]);
        usleep((useconds_t)(60 + 13 * i) * 1000);
        assert_int_equal(kill(child, SIGKILL), 0);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        ok(p, place_open(p));
        ok(p, status_recover(p->status, &p->err));
        integrity(p);
        check_acknowledged(p, ends[0], &counts);
        consistent(p);
    }
    assert_true(counts.created > 0 && counts.ended > 0);
}

/* --- threads --- */

static void make_and_look(struct place *p, struct arena *arena, struct error *err)
{
    struct job_record *job, **jobs;
    const char *rest;
    int count;
    struct page page = {.max = 5, .descending = true};
    if (status_job_create(p->status, plain_job(), arena, &job, err) < 0 ||
        status_job_get(p->status, job->id, arena, &job, err) < 0 ||
        status_job_list(p->status, &(struct job_filter){"Default"}, &page, arena, &jobs, &count,
                        &rest, err) < 0)
        abort();
}

/* Clients: each makes jobs and looks at them. */
static void *client(void *argument)
{
    struct place *p = argument;
    struct error err;
    for (int i = 0; i < EACH; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        make_and_look(p, arena, &err);
    }
    return NULL;
}

/* Runners: start jobs, say how far they are, end them, until all are done. */
static void *runner(void *argument)
{
    struct place *p = argument;
    struct error err;
    int64_t counts[JOB_STATUSES] = {0};
    while (counts[JOB_COMPLETE] < THREADS * EACH) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct job_record *job;
        struct job_progress progress = {PHASE_TRANSCODING, 50, 10};
        struct job_end end = {.status = JOB_COMPLETE};
        int found = status_next_job(p->status, 0, arena, &job, &err);
        if (found < 0 ||
            (found && (status_job_progress(p->status, job->id, 1, &progress, &err) < 0 ||
                       status_job_end(p->status, job->id, 1, &end, &err) < 0)))
            abort();
        if (!found && status_job_counts(p->status, counts, &err) < 0)
            abort();
    }
    return NULL;
}

/* A target: two events for each job. */
static void *target(void *argument)
{
    struct place *p = argument;
    struct error err;
    for (int64_t place = 0; place < 2 * THREADS * EACH;) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct event *events;
        int count;
        status_wait_for_event(p->status, place, MINUTE);
        if (status_events_after(p->status, place, 10, arena, &events, &count, &err) < 0)
            abort();
        for (int i = 0; i < count; i++)
            if (events[i].number != ++place)
                abort();
        if (status_target_got(p->status, "t", place, &err) < 0)
            abort();
    }
    return NULL;
}

static void many_threads(void **state)
{
    struct place *p = *state;
    ok(p, status_target_add(p->status, "t", &p->err));
    pthread_t threads[THREADS + 3];
    for (int i = 0; i < THREADS + 3; i++) {
        void *(*role)(void *) = i < THREADS ? client : i < THREADS + 2 ? runner : target;
        assert_int_equal(pthread_create(&threads[i], NULL, role, p), 0);
    }
    for (int i = 0; i < THREADS + 3; i++)
        pthread_join(threads[i], NULL);
    integrity(p);
    consistent(p);
    assert_null(next(p));
    int64_t place;
    ok(p, status_target_place(p->status, "t", &place, &p->err));
    assert_int_equal(place, 2 * THREADS * EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(killed),
        TEST(many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
