/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: made once, listed in pages, followed, forgotten; objects of lost attempts. */
#include "status_place.h"

#include <ctype.h>

static void ids(void **state)
{
    struct place *p = *state;
    const char *last = "";
    for (int i = 0; i < 100; i++) {
        const char *id = create(p, plain_job())->id;
        assert_int_equal(strlen(id), 20);
        assert_int_equal(strncmp(id, "1671477617078-", 14), 0);
        for (const char *c = id + 14; *c; c++)
            assert_true(isdigit(*c) || (*c >= 'a' && *c <= 'z'));
        assert_string_not_equal(id, last);
        last = id;
    }
}

static void a_new_job(void **state)
{
    struct place *p = *state;
    struct job_record *job = get(p, create(p, plain_job())->id);
    assert_string_equal(job->queue, "Default");
    assert_string_equal(job->settings, plain_job()->settings);
    assert_string_equal(job->rest, plain_job()->rest);
    assert_int_equal(job->status, JOB_SUBMITTED);
    assert_int_equal(job->attempt, 0);
    assert_int_equal(job->created_us, start_us);
    assert_int_equal(job->started_us, 0);
    assert_string_equal(job->infos, "[]");
    assert_string_equal(job->warnings, "[]");
    assert_string_equal(job->warning_counts, "[]");
    assert_string_equal(job->output_groups, "");
    assert_string_equal(job->error_message, "");
    assert_int_equal(status_newest_event(p->status), 0); // there is no SUBMITTED event
}

/* What CreateJob is refused for, leaving nothing behind. */
static const struct {
    struct new_job job;
    enum error_kind kind;
} bad[] = {
    {{"None", 0, "{}", "{}", "s3://i"}, ERROR_NOT_FOUND},
    {{"", 0, "{}", "{}", "s3://i"}, ERROR_NOT_FOUND},
    {{"Default", 0, "{}", "{", "s3://i"}, ERROR_BAD_REQUEST},
    {{"Default", 0, "{}", "{}", "s3://i", "{\"a\""}, ERROR_BAD_REQUEST},
};

static void refused_ones(void **state)
{
    struct place *p = *state;
    struct job_record *job;
    for (size_t i = 0; i < COUNT(bad); i++)
        refused(p, status_job_create(p->status, &bad[i].job, p->arena, &job, &p->err), bad[i].kind);
    assert_null(next(p));
    refused(p, status_job_get(p->status, "1-a", p->arena, &job, &p->err), ERROR_NOT_FOUND);
    refused(p, status_job_cancel(p->status, "1-a", &p->err), ERROR_NOT_FOUND);
}

/* The same token after some time: the same job or a new one. */
static const struct {
    int64_t after_us;
    bool same;
} tokens[] = {
    {0, true},           {59 * SECOND, true}, {MINUTE, true},
    {MINUTE + 1, false}, {-MINUTE, true}, // the clock was set back
};

static void idempotency(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(tokens); i++) {
        clock_us = start_us;
        char token[16];
        snprintf(token, sizeof(token), "token %zu", i);
        struct new_job job = *plain_job();
        job.token = token;
        const char *first = create(p, &job)->id;
        pass(tokens[i].after_us);
        job.settings = "{\"other\":1}";
        const char *second = create(p, &job)->id;
        assert_int_equal(strcmp(first, second) == 0, tokens[i].same);
    }
    struct new_job other = *plain_job();
    other.token = "another";
    assert_string_not_equal(create(p, &other)->id, create(p, plain_job())->id);
}

/* A job that has ended since is still that job. */
static void idempotency_in_any_state(void **state)
{
    struct place *p = *state;
    struct new_job job = *plain_job();
    job.token = "t";
    const char *id = create(p, &job)->id;
    complete(p, next(p));
    struct job_record *again = create(p, &job);
    assert_string_equal(again->id, id);
    assert_int_equal(again->status, JOB_COMPLETE);
}

/* --- lists --- */

static const enum job_status submitted = JOB_SUBMITTED, done = JOB_COMPLETE, failed = JOB_ERROR;

/* Of twelve jobs: those with an even number are in B, every third has another input, the first
 * three in order of submission are COMPLETE. */
static const struct {
    struct job_filter filter;
    bool descending;
    const char *expected; /* a letter for each job */
} lists[] = {
    {{NULL}, false, "abcdefghijkl"},
    {{NULL}, true, "lkjihgfedcba"},
    {{"B"}, false, "acegik"},
    {{"B"}, true, "kigeca"},
    {{NULL, &done}, false, "abc"},
    {{NULL, &submitted}, true, "lkjihgfed"},
    {{"B", &done}, false, "ac"},
    {{NULL, &failed}, false, ""},
    {{"None"}, false, ""},
    {{NULL, NULL, "other"}, false, "adgj"},
    {{NULL, NULL, "s3://in/film.mp4"}, false, "bcefhikl"},
    {{"B", &submitted, "other"}, false, "g"},
    {{NULL, NULL, "%"}, false, ""},
};

static void make_twelve(struct place *p, const char *ids_of[12])
{
    add_queue(p, &(struct queue_record){.name = "B"});
    for (int i = 0; i < 12; i++) {
        struct new_job job = *plain_job();
        job.queue = i % 2 ? "Default" : "B";
        if (i % 3 == 0)
            job.input = "s3://in/other.mov";
        ids_of[i] = create(p, &job)->id;
    }
    for (int i = 0; i < 3; i++)
        complete(p, next(p));
}

static char letter_of(const char *const ids_of[12], const char *id)
{
    for (int i = 0; i < 12; i++)
        if (strcmp(ids_of[i], id) == 0)
            return (char)('a' + i);
    return '?';
}

/* All pages of a list, of `max` records each. */
static void list(struct place *p, const char *const ids_of[12], size_t row, int max, char out[32])
{
    struct page page = {.max = max, .descending = lists[row].descending};
    size_t used = 0;
    do {
        struct job_record **jobs;
        int count;
        ok(p, status_job_list(p->status, &lists[row].filter, &page, p->arena, &jobs, &count,
                              &page.token, &p->err));
        assert_true(count <= max && (count == max || !page.token));
        for (int i = 0; i < count && used < 31; i++)
            out[used++] = letter_of(ids_of, jobs[i]->id);
    } while (page.token);
    out[used] = '\0';
}

static void pages(void **state)
{
    struct place *p = *state;
    const char *ids_of[12];
    make_twelve(p, ids_of);
    for (size_t i = 0; i < COUNT(lists); i++) {
        for (int max = 1; max <= 20; max++) {
            char found[32];
            list(p, ids_of, i, max, found);
            assert_string_equal(found, lists[i].expected);
        }
    }
}

/* Jobs that are added meanwhile neither repeat nor hide any. */
static void pages_while_jobs_are_added(void **state)
{
    struct place *p = *state;
    const char *ids_of[12];
    make_twelve(p, ids_of);
    struct page page = {.max = 5, .descending = true};
    struct job_filter all = {NULL};
    char found[32];
    size_t used = 0;
    do {
        struct job_record **jobs;
        int count;
        ok(p,
           status_job_list(p->status, &all, &page, p->arena, &jobs, &count, &page.token, &p->err));
        for (int i = 0; i < count; i++)
            found[used++] = letter_of(ids_of, jobs[i]->id);
        create(p, plain_job());
    } while (page.token);
    found[used] = '\0';
    assert_string_equal(found, "lkjihgfedcba");
}

static void tokens_that_are_none(void **state)
{
    static const char *const rows[] = {
        "", "1", "zz", "6a", "6a6f62732031320", "\xff", "6e616d65203132", "6a6f62733132"};
    struct place *p = *state;
    struct job_filter all = {NULL};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct page page = {.max = 5, .token = rows[i]};
        struct job_record **jobs;
        int count;
        refused(
            p,
            status_job_list(p->status, &all, &page, p->arena, &jobs, &count, &page.token, &p->err),
            ERROR_BAD_REQUEST);
    }
}

/* --- what a job says while it runs --- */

static void progress(void **state)
{
    struct place *p = *state;
    create(p, plain_job());
    struct job_record *job = next(p);
    assert_int_equal(job->status, JOB_PROGRESSING);
    assert_int_equal(job->phase, PHASE_PROBING);
    struct job_progress now = {PHASE_TRANSCODING, 42, 1000};
    ok(p, status_job_progress(p->status, job->id, 1, &now, &p->err));
    job = get(p, job->id);
    assert_int_equal(job->phase, PHASE_TRANSCODING);
    assert_int_equal(job->percent, 42);
    complete(p, job);
    assert_int_equal(get(p, job->id)->percent, 100);
}

static void messages(void **state)
{
    struct place *p = *state;
    create(p, plain_job());
    struct job_record *job = next(p);
    static const struct {
        int code;
        const char *text;
    } said[] = {{0, "an \"info\""}, {230002, "w1"}, {-1, "ours"}, {240000, "w2"}, {230002, "w3"}};
    for (size_t i = 0; i < COUNT(said); i++)
        ok(p, status_job_message(p->status, job->id, 1, said[i].code, said[i].text, &p->err));
    struct job_record *now = get(p, job->id);
    assert_string_equal(now->infos, "[\"an \\\"info\\\"\"]");
    assert_string_equal(now->warnings, "[\"w1\",\"ours\",\"w2\",\"w3\"]");
    assert_string_equal(now->warning_counts,
                        "[{\"code\":230002,\"count\":2},{\"code\":240000,\"count\":1}]");
    ok(p, status_job_requeue(p->status, job->id, 1, &p->err)); // the next attempt says it again
    assert_string_equal(get(p, job->id)->warnings, "[]");
    assert_string_equal(get(p, job->id)->infos, "[]");
}

static void recovery(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 3; i++)
        submit(p, "Default", 0);
    struct job_record *first = next(p), *second = next(p);
    ok(p, status_job_cancel(p->status, second->id, &p->err));
    status_close(&p->status);
    ok(p, place_open(p));
    assert_int_equal(status_recover(p->status, &p->err), 2);
    assert_int_equal(status_recover(p->status, &p->err), 0);
    assert_int_equal(get(p, second->id)->status, JOB_CANCELED);
    struct job_record *again = next(p); // its place is kept
    assert_string_equal(again->id, first->id);
    assert_int_equal(again->attempt, 2);
}

/* --- objects --- */

static void name_objects(struct place *p, const struct job_record *job, const char *uris)
{
    ok(p, status_job_objects(p->status, job->id, job->attempt, uris, &p->err));
}

/* The next stray attempt is that of `job` (NULL: there is none), with these objects, which are not
 * removed. Returns its number. */
static int64_t expect_stray_after(struct place *p, int64_t after, const struct job_record *job,
                                  const char *uris)
{
    struct stray_objects *stray;
    ok(p, status_stray_objects(p->status, after, p->arena, &stray, &p->err));
    if (!job) {
        assert_null(stray);
        return 0;
    }
    assert_non_null(stray);
    assert_string_equal(stray->id, job->id);
    assert_int_equal(stray->attempt, job->attempt);
    assert_int_equal(stray->since_us, job->started_us);
    assert_string_equal(stray->uris, uris);
    ok(p, status_job_objects_stay(p->status, stray->id, stray->attempt, &p->err));
    return stray->number;
}

static void expect_stray(struct place *p, const struct job_record *job, const char *uris)
{
    expect_stray_after(p, 0, job, uris);
}

static void stray_objects(void **state)
{
    struct place *p = *state;
    submit(p, "Default", 0);
    struct job_record *first = next(p);
    name_objects(p, first, "[\"s3://b/1\",\"s3://b/2\"]");
    name_objects(p, first, "[\"s3://b/2\",\"s3://b/3\"]");
    expect_stray(p, NULL, NULL); // it runs
    ok(p, status_job_requeue(p->status, first->id, 1, &p->err));
    expect_stray(p, first, "[\"s3://b/1\",\"s3://b/2\",\"s3://b/3\"]");

    pass(SECOND);
    struct job_record *second = next(p);
    expect_stray(p, first, "[\"s3://b/1\",\"s3://b/2\",\"s3://b/3\"]");
    name_objects(p, second, "[\"s3://b/2\",\"s3://b/9\"]");
    expect_stray(p, NULL, NULL); // somebody is about to make s3://b/2
    complete(p, second);
    expect_stray(p, first, "[\"s3://b/1\",\"s3://b/3\"]");
    ok(p, status_job_objects_gone(p->status, first->id, 1, &p->err));
    expect_stray(p, NULL, NULL);
}

static void stray_objects_of_jobs_that_failed(void **state)
{
    struct place *p = *state;
    struct job_record *jobs[2];
    for (int i = 0; i < 2; i++) {
        submit(p, "Default", 0);
        jobs[i] = next(p);
        name_objects(p, jobs[i], "[\"s3://b/same\"]");
        pass(SECOND);
    }
    struct job_end end = {.status = JOB_ERROR, .error_code = 1999, .error_message = "x"};
    for (int i = 1; i >= 0; i--)
        ok(p, status_job_end(p->status, jobs[i]->id, 1, &end, &p->err));
    for (int i = 0; i < 2; i++) {
        expect_stray(p, jobs[i], "[\"s3://b/same\"]");
        ok(p, status_job_objects_gone(p->status, jobs[i]->id, 1, &p->err));
    }
    expect_stray(p, NULL, NULL);
}

/* One that cannot be removed does not stand before the others. */
static void stray_objects_one_after_the_other(void **state)
{
    struct place *p = *state;
    static const char *const uris[] = {"[\"s3://b/0\"]", "[\"s3://b/1\"]", "[\"s3://b/2\"]"};
    struct job_record *jobs[COUNT(uris)];
    for (size_t i = 0; i < COUNT(uris); i++) {
        submit(p, "Default", 10 - (int)i);
        jobs[i] = next(p);
        name_objects(p, jobs[i], uris[i]);
    }
    for (size_t i = 0; i < COUNT(uris); i++)
        ok(p, status_job_requeue(p->status, jobs[i]->id, 1, &p->err));
    int64_t number = 0;
    for (size_t i = 0; i < COUNT(uris); i++)
        number = expect_stray_after(p, number, jobs[i], uris[i]);
    expect_stray_after(p, number, NULL, NULL);
    expect_stray(p, jobs[0], uris[0]);
}

/* What is being removed can be named by nobody, lest it is removed for him. */
static void objects_that_are_being_removed(void **state)
{
    struct place *p = *state;
    submit(p, "Default", 0);
    struct job_record *first = next(p), *second;
    struct stray_objects *stray;
    name_objects(p, first, "[\"s3://b/1\",\"s3://b/2\"]");
    ok(p, status_job_requeue(p->status, first->id, 1, &p->err));
    second = next(p);
    for (int round = 0; round < 2; round++) {
        ok(p, status_stray_objects(p->status, 0, p->arena, &stray, &p->err));
        assert_non_null(stray);
        assert_int_equal(
            status_job_objects(p->status, second->id, 2, "[\"s3://b/2\",\"s3://b/3\"]", &p->err),
            1);
        assert_int_equal(status_job_objects(p->status, second->id, 2, "[\"s3://b/4\"]", &p->err),
                         0);
        ok(p, round ? status_job_objects_gone(p->status, first->id, 1, &p->err)
                    : status_job_objects_stay(p->status, first->id, 1, &p->err));
    }
    name_objects(p, second, "[\"s3://b/2\",\"s3://b/3\"]");
    expect_stray(p, NULL, NULL);
}

/* An attempt whose worker is dead: its objects are removed while it still counts as running, but
 * not those that another one is about to make. */
static void lost_objects(void **state)
{
    struct place *p = *state;
    struct job_record *jobs[2];
    struct stray_objects *lost;
    for (int i = 0; i < 2; i++) {
        submit(p, "Default", 0);
        jobs[i] = next(p);
    }
    ok(p, status_lost_objects(p->status, jobs[0]->id, 1, p->arena, &lost, &p->err));
    assert_null(lost);
    name_objects(p, jobs[0], "[\"s3://b/0\",\"s3://b/same\"]");
    ok(p, status_lost_objects(p->status, jobs[0]->id, 1, p->arena, &lost, &p->err));
    assert_non_null(lost);
    assert_string_equal(lost->uris, "[\"s3://b/0\",\"s3://b/same\"]");
    assert_int_equal(status_job_objects(p->status, jobs[1]->id, 1, "[\"s3://b/same\"]", &p->err),
                     1);
    ok(p, status_job_objects_stay(p->status, jobs[0]->id, 1, &p->err));

    name_objects(p, jobs[1], "[\"s3://b/same\"]");
    ok(p, status_lost_objects(p->status, jobs[0]->id, 1, p->arena, &lost, &p->err));
    assert_null(lost);
    struct job_end end = {.status = JOB_ERROR, .error_code = 1999, .error_message = "x"};
    ok(p, status_job_end(p->status, jobs[0]->id, 1, &end, &p->err));
    expect_stray(p, NULL, NULL);
    complete(p, jobs[1]);
    expect_stray(p, jobs[0], "[\"s3://b/0\"]");
}

/* What a job that has completed has made is never removed for one that has not. */
static void objects_of_two(void **state)
{
    struct place *p = *state;
    struct job_record *jobs[2];
    for (int i = 0; i < 2; i++) {
        submit(p, "Default", 0);
        jobs[i] = next(p);
    }
    name_objects(p, jobs[0], "[\"s3://b/0\",\"s3://b/same\"]");
    name_objects(p, jobs[1], "[\"s3://b/1\",\"s3://b/same\"]");
    complete(p, jobs[1]);
    ok(p, status_job_requeue(p->status, jobs[0]->id, 1, &p->err));
    expect_stray(p, jobs[0], "[\"s3://b/0\"]");
}

/* --- retention --- */

static void old_jobs_are_forgotten(void **state)
{
    struct place *p = *state;
    const int64_t day = 24 * 60 * (int64_t)MINUTE;
    char first[32] = "";
    for (int i = 0; i < 450; i++) {
        const char *id = submit(p, "Default", 0)->id;
        if (i == 0)
            snprintf(first, sizeof(first), "%s", id);
        complete(p, next(p));
    }
    pass(10 * day);
    struct job_record *young = submit(p, "Default", 0);
    complete(p, next(p));
    struct job_record *waiting = submit(p, "Default", 0);
    pass(85 * day);
    assert_int_equal(status_forget(p->status, 90 * day, &p->err), 450);
    assert_int_equal(status_forget(p->status, 90 * day, &p->err), 0);
    struct job_record *job;
    refused(p, status_job_get(p->status, first, p->arena, &job, &p->err), ERROR_NOT_FOUND);
    get(p, young->id);
    get(p, waiting->id);
    int64_t counts[JOB_STATUSES];
    ok(p, status_job_counts(p->status, counts, &p->err));
    assert_int_equal(counts[JOB_COMPLETE], 1);
    assert_int_equal(counts[JOB_SUBMITTED], 1);
    assert_int_equal(counts[JOB_ERROR], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids),
        TEST(a_new_job),
        TEST(refused_ones),
        TEST(idempotency),
        TEST(idempotency_in_any_state),
        TEST(pages),
        TEST(pages_while_jobs_are_added),
        TEST(tokens_that_are_none),
        TEST(progress),
        TEST(messages),
        TEST(recovery),
        TEST(stray_objects),
        TEST(stray_objects_of_jobs_that_failed),
        TEST(stray_objects_one_after_the_other),
        TEST(objects_that_are_being_removed),
        TEST(lost_objects),
        TEST(objects_of_two),
        TEST(old_jobs_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
