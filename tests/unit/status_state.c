/* SPDX-License-Identifier: Apache-2.0 */
/* Which state may follow which: the table, and what the calls make of it. */
#include "status_place.h"

static const bool allowed[JOB_STATUSES][JOB_STATUSES] = {
    [JOB_SUBMITTED] = {[JOB_PROGRESSING] = true, [JOB_CANCELED] = true},
    [JOB_PROGRESSING] =
        {[JOB_SUBMITTED] = true, [JOB_COMPLETE] = true, [JOB_CANCELED] = true, [JOB_ERROR] = true},
};

static void table(void **state)
{
    (void)state;
    for (int from = 0; from < JOB_STATUSES; from++)
        for (int to = 0; to < JOB_STATUSES; to++)
            assert_int_equal(job_status_may_follow((enum job_status)from, (enum job_status)to),
                             allowed[from][to]);
    assert_false(job_status_is_final(JOB_SUBMITTED));
    assert_false(job_status_is_final(JOB_PROGRESSING));
    assert_true(job_status_is_final(JOB_COMPLETE));
    assert_true(job_status_is_final(JOB_CANCELED));
    assert_true(job_status_is_final(JOB_ERROR));
}

/* Brings a new job into a state. */
static struct job_record *job_in(struct place *p, enum job_status status)
{
    struct job_record *job = create(p, plain_job());
    struct job_end end = {.status = status, .error_code = 1076, .error_message = "cut off"};
    if (status == JOB_SUBMITTED)
        return job;
    job = next(p);
    if (status != JOB_PROGRESSING)
        ok(p, status_job_end(p->status, job->id, job->attempt, &end, &p->err));
    return get(p, job->id);
}

static int do_cancel(struct place *p, const struct job_record *job)
{
    return status_job_cancel(p->status, job->id, &p->err);
}

static int do_requeue(struct place *p, const struct job_record *job)
{
    return status_job_requeue(p->status, job->id, job->attempt, &p->err);
}

static int do_end(struct place *p, const struct job_record *job)
{
    struct job_end end = {.status = JOB_COMPLETE, .output_groups = "[1]"};
    return status_job_end(p->status, job->id, job->attempt, &end, &p->err);
}

static int do_progress(struct place *p, const struct job_record *job)
{
    struct job_progress progress = {PHASE_TRANSCODING, 27, 1000};
    return status_job_progress(p->status, job->id, job->attempt, &progress, &p->err);
}

static int do_message(struct place *p, const struct job_record *job)
{
    return status_job_message(p->status, job->id, job->attempt, 0, "hello", &p->err);
}

static int do_input(struct place *p, const struct job_record *job)
{
    return status_job_input(p->status, job->id, job->attempt, "[]", &p->err);
}

static int do_objects(struct place *p, const struct job_record *job)
{
    return status_job_objects(p->status, job->id, job->attempt, "[\"s3://b/k\"]", &p->err);
}

enum { REFUSED = -1 };

/* What a call makes of a job in each state: the state after it, or REFUSED. */
static const struct {
    const char *name;
    int (*call)(struct place *p, const struct job_record *job);
    int after[JOB_STATUSES]; /* SUBMITTED, PROGRESSING, COMPLETE, CANCELED, ERROR */
} calls[] = {
    {"cancel", do_cancel, {JOB_CANCELED, JOB_PROGRESSING, REFUSED, REFUSED, REFUSED}},
    {"requeue", do_requeue, {REFUSED, JOB_SUBMITTED, REFUSED, REFUSED, REFUSED}},
    {"end", do_end, {REFUSED, JOB_COMPLETE, REFUSED, REFUSED, REFUSED}},
    {"progress", do_progress, {REFUSED, JOB_PROGRESSING, REFUSED, REFUSED, REFUSED}},
    {"message", do_message, {REFUSED, JOB_PROGRESSING, REFUSED, REFUSED, REFUSED}},
    {"input", do_input, {REFUSED, JOB_PROGRESSING, REFUSED, REFUSED, REFUSED}},
    {"objects", do_objects, {REFUSED, JOB_PROGRESSING, REFUSED, REFUSED, REFUSED}},
};

static void every_call_in_every_state(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        for (int from = 0; from < JOB_STATUSES; from++) {
            struct job_record *job = job_in(p, (enum job_status)from);
            int64_t events = status_newest_event(p->status);
            int r = calls[i].call(p, job);
            int after = (int)get(p, job->id)->status;
            if (r < 0 && (p->err.kind != ERROR_CONFLICT || after != from ||
                          status_newest_event(p->status) != events))
                fail_msg("%s in %s: kind %d, then %s", calls[i].name, job_status_names[from],
                         (int)p->err.kind, job_status_names[after]);
            if ((r < 0 ? REFUSED : after) != calls[i].after[from])
                fail_msg("%s in %s: %d, then %s", calls[i].name, job_status_names[from], r,
                         job_status_names[after]);
            if (from == JOB_SUBMITTED && after == JOB_SUBMITTED)
                ok(p, do_cancel(p, job)); // or it would be the next one
            if (after == JOB_SUBMITTED && from == JOB_PROGRESSING)
                ok(p, do_cancel(p, job));
        }
    }
}

/* PROGRESSING cannot be reached twice by one attempt, nor by a job that was cancelled. */
static void an_attempt_that_is_over_says_nothing_more(void **state)
{
    struct place *p = *state;
    create(p, plain_job());
    struct job_record *first = next(p);
    assert_int_equal(first->attempt, 1);
    ok(p, do_requeue(p, first));
    struct job_record *second = next(p);
    assert_string_equal(second->id, first->id);
    refused(p, status_job_end(p->status, second->id, 2, &(struct job_end){JOB_SUBMITTED}, &p->err),
            ERROR_CONFLICT);
    assert_int_equal(second->attempt, 2);
    for (size_t i = 1; i < COUNT(calls); i++) // all but cancel, which knows no attempt
        refused(p, calls[i].call(p, first), ERROR_CONFLICT);
    ok(p, do_end(p, second));
    refused(p, do_end(p, second), ERROR_CONFLICT);
    assert_null(next(p));
}

static void a_cancel_that_is_wanted(void **state)
{
    struct place *p = *state;
    create(p, plain_job());
    struct job_record *job = next(p);
    assert_false(status_job_cancel_requested(p->status, job->id));
    ok(p, do_cancel(p, job));
    ok(p, do_cancel(p, job)); // again does no harm
    assert_true(status_job_cancel_requested(p->status, job->id));
    assert_true(get(p, job->id)->cancel_requested);
    ok(p, do_requeue(p, job)); // it was lost first
    assert_int_equal(get(p, job->id)->status, JOB_CANCELED);
    assert_non_null(strstr(newest_event(p), "\"status\":\"CANCELED\""));
    assert_false(status_job_cancel_requested(p->status, "no-job"));
}

static void a_job_that_has_failed(void **state)
{
    struct place *p = *state;
    create(p, plain_job());
    struct job_record *job = next(p);
    ok(p, do_progress(p, job));
    pass(5 * SECOND);
    struct job_end end = {.status = JOB_ERROR, .error_code = 1076, .error_message = "\xff cut"};
    ok(p, status_job_end(p->status, job->id, 1, &end, &p->err));
    job = get(p, job->id);
    assert_int_equal(job->error_code, 1076);
    assert_string_equal(job->error_message, "? cut");
    assert_int_equal(job->percent, 27);
    assert_int_equal(job->started_us, start_us);
    assert_int_equal(job->finished_us, start_us + 5 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        TEST(every_call_in_every_state),
        TEST(an_attempt_that_is_over_says_nothing_more),
        TEST(a_cancel_that_is_wanted),
        TEST(a_job_that_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
