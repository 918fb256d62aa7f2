/* SPDX-License-Identifier: Apache-2.0 */
/* A database in a folder that goes with the test, with a clock that the test sets. */
#ifndef UNIT_STATUS_PLACE_H
#define UNIT_STATUS_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

#include "remove_folder.h"
#include "status/events.h"
#include "status/queues.h"
#include "status/status.h"
#include "status/store.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t start_us = 1671477617078 * INT64_C(1000);
static const struct status_owner owner = {"us-east-1", "111122223333"};

struct place {
    char folder[80];
    struct status *status;
    struct arena *arena;
    struct error err;
};

/* The clock of the tests: it stands until pass() moves it. */
static _Atomic int64_t clock_us;

static inline int64_t test_now_us(void)
{
    return clock_us;
}

static inline void pass(int64_t us)
{
    clock_us += us;
}

static inline int place_open(struct place *p)
{
    int r = status_open(&p->status, p->folder, &owner, &p->err);
    if (r == 0)
        p->status->now_us = test_now_us;
    return r;
}

static inline int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->folder, sizeof(p->folder), "%s/status.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(p->folder))
        return -1;
    p->arena = arena_new();
    clock_us = start_us;
    *state = p;
    return place_open(p);
}

static inline int teardown(void **state)
{
    struct place *p = *state;
    status_close(&p->status);
    arena_free(&p->arena);
    remove_folder(p->folder);
    free(p);
    return 0;
}

static inline void ok(struct place *p, int r)
{
    char text[1024];
    if (r < 0)
        fail_msg("%s", error_text(&p->err, text, sizeof(text)));
}

static inline void refused(struct place *p, int r, enum error_kind kind)
{
    assert_int_equal(r, -1);
    assert_int_equal(p->err.kind, kind);
}

static inline const struct new_job *plain_job(void)
{
    static const struct new_job job = {
        .queue = "Default",
        .settings = "{\"inputs\":[]}",
        .rest = "{\"role\":\"r\",\"userMetadata\":{\"asset\":\"\\u00e4 1\"}}",
        .input = "s3://in/film.mp4",
    };
    return &job;
}

static inline struct job_record *create(struct place *p, const struct new_job *job)
{
    struct job_record *record = NULL;
    ok(p, status_job_create(p->status, job, p->arena, &record, &p->err));
    return record;
}

/* A job in that queue. */
static inline struct job_record *submit(struct place *p, const char *queue, int priority)
{
    struct new_job job = *plain_job();
    job.queue = queue;
    job.priority = priority;
    return create(p, &job);
}

static inline struct job_record *get(struct place *p, const char *id)
{
    struct job_record *record = NULL;
    ok(p, status_job_get(p->status, id, p->arena, &record, &p->err));
    return record;
}

/* The job that is started now; NULL: none. */
static inline struct job_record *next(struct place *p)
{
    struct job_record *record = NULL;
    int found = status_next_job(p->status, 0, p->arena, &record, &p->err);
    ok(p, found);
    assert_int_equal(found, record != NULL);
    return record;
}

static inline void complete(struct place *p, const struct job_record *job)
{
    struct job_end end = {.status = JOB_COMPLETE, .output_groups = "[]", .event = "{}"};
    ok(p, status_job_end(p->status, job->id, job->attempt, &end, &p->err));
}

static inline void add_queue(struct place *p, const struct queue_record *queue)
{
    struct queue_record *made;
    ok(p, status_queue_create(p->status, queue, p->arena, &made, &p->err));
}

/* The JSON of the newest event. */
static inline const char *newest_event(struct place *p)
{
    struct event *events;
    int count;
    int64_t number = status_newest_event(p->status);
    assert_true(number > 0);
    ok(p, status_events_after(p->status, number - 1, 5, p->arena, &events, &count, &p->err));
    assert_int_equal(count, 1);
    assert_int_equal(events[0].number, number);
    return events[0].json;
}

#endif
