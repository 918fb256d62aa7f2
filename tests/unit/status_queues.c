/* SPDX-License-Identifier: Apache-2.0 */
/* Queues: Default, their own lives, which job is next, hops. */
#include "status_place.h"

static struct queue_record *queue(struct place *p, const char *name)
{
    struct queue_record *record = NULL;
    ok(p, status_queue_get(p->status, name, p->arena, &record, &p->err));
    return record;
}

static void default_queue(void **state)
{
    struct place *p = *state;
    for (int opened = 0; opened < 2; opened++) {
        struct queue_record *record = queue(p, "Default");
        assert_string_equal(record->name, "Default");
        assert_true(record->system);
        assert_false(record->paused || record->reserved);
        assert_int_equal(record->concurrent_jobs, 0);
        assert_int_equal(record->submitted + record->progressing, 0);
        refused(p, status_queue_delete(p->status, "Default", &p->err), ERROR_CONFLICT);
        status_close(&p->status);
        ok(p, place_open(p));
    }
}

static void a_queue_of_ones_own(void **state)
{
    struct place *p = *state;
    struct queue_record new = {.name = "Q", .description = "d", .concurrent_jobs = 3}, *record;
    add_queue(p, &new);
    record = queue(p, "Q");
    assert_string_equal(record->description, "d");
    assert_string_equal(record->rest, "{}");
    assert_false(record->system);
    assert_int_equal(record->concurrent_jobs, 3);
    assert_int_equal(record->created_us, start_us);
    refused(p, status_queue_create(p->status, &new, p->arena, &record, &p->err), ERROR_CONFLICT);

    pass(SECOND);
    struct queue_record change = {.name = "Q", .paused = true};
    ok(p, status_queue_update(p->status, &change, p->arena, &record, &p->err));
    assert_true(record->paused);
    assert_string_equal(record->description, "d");
    assert_int_equal(record->updated_us, start_us + SECOND);
    assert_int_equal(record->created_us, start_us);

    struct job_record *job = submit(p, "Q", 0);
    assert_int_equal(queue(p, "Q")->submitted, 1);
    refused(p, status_queue_delete(p->status, "Q", &p->err), ERROR_CONFLICT);
    ok(p, status_job_cancel(p->status, job->id, &p->err));
    ok(p, status_queue_delete(p->status, "Q", &p->err));
    assert_string_equal(get(p, job->id)->queue, "Q"); // the job still says where it was
    refused(p, status_queue_get(p->status, "Q", p->arena, &record, &p->err), ERROR_NOT_FOUND);
    refused(p, status_queue_update(p->status, &change, p->arena, &record, &p->err),
            ERROR_NOT_FOUND);
    refused(p, status_queue_delete(p->status, "Q", &p->err), ERROR_NOT_FOUND);
}

static const struct {
    enum list_by by;
    bool descending;
    const char *expected;
} lists[] = {
    {LIST_BY_NAME, false, "A C Default b "},
    {LIST_BY_NAME, true, "b Default C A "},
    {LIST_BY_CREATION_DATE, false, "Default C b A "},
    {LIST_BY_CREATION_DATE, true, "A b C Default "},
    {LIST_BY_SYSTEM, false, "Default A C b "},
};

static void pages(void **state)
{
    struct place *p = *state;
    add_queue(p, &(struct queue_record){.name = "C"});
    add_queue(p, &(struct queue_record){.name = "b"});
    add_queue(p, &(struct queue_record){.name = "A"});
    for (size_t i = 0; i < COUNT(lists); i++) {
        for (int max = 1; max <= 5; max++) {
            char found[64] = "";
            struct page page = {.max = max, .descending = lists[i].descending};
            do {
                struct queue_record **queues;
                int count;
                ok(p, status_queue_list(p->status, lists[i].by, &page, p->arena, &queues, &count,
                                        &page.token, &p->err));
                for (int q = 0; q < count; q++) {
                    strncat(found, queues[q]->name, sizeof(found) - strlen(found) - 2);
                    strncat(found, " ", 2);
                }
            } while (page.token);
            assert_string_equal(found, lists[i].expected);
        }
    }
}

/* A token of one order is none of another, nor of jobs. */
static void tokens_of_another_list(void **state)
{
    struct place *p = *state;
    add_queue(p, &(struct queue_record){.name = "C"});
    struct page page = {.max = 1};
    struct queue_record **queues;
    struct job_record **jobs;
    int count;
    ok(p, status_queue_list(p->status, LIST_BY_NAME, &page, p->arena, &queues, &count, &page.token,
                            &p->err));
    assert_non_null(page.token);
    const char *none;
    refused(p,
            status_queue_list(p->status, LIST_BY_SYSTEM, &page, p->arena, &queues, &count, &none,
                              &p->err),
            ERROR_BAD_REQUEST);
    refused(p,
            status_job_list(p->status, &(struct job_filter){NULL}, &page, p->arena, &jobs, &count,
                            &none, &p->err),
            ERROR_BAD_REQUEST);
}

/* --- which is next --- */

static const struct {
    const char *queue;
    int priority;
} submissions[] = {
    {"Default", 0},   // a
    {"Default", 0},   // b
    {"One", 5},       // c
    {"One", 5},       // d
    {"Paused", 50},   // e
    {"Default", 5},   // f
    {"Default", -50}, // g
    {"Two", 50},      // h
    {"Two", 1},       // i
    {"Two", 2},       // j
};

/* One takes one job at a time, Two takes two, Paused none. */
static void order(void **state)
{
    struct place *p = *state;
    add_queue(p, &(struct queue_record){.name = "One", .concurrent_jobs = 1});
    add_queue(p, &(struct queue_record){.name = "Two", .concurrent_jobs = 2});
    add_queue(p, &(struct queue_record){.name = "Paused", .paused = true});
    const char *ids[COUNT(submissions)];
    for (size_t i = 0; i < COUNT(submissions); i++)
        ids[i] = submit(p, submissions[i].queue, submissions[i].priority)->id;

    char found[32];
    size_t used = 0;
    struct job_record *job, *of_one = NULL;
    while ((job = next(p))) {
        for (size_t i = 0; i < COUNT(submissions); i++)
            if (strcmp(ids[i], job->id) == 0)
                found[used++] = (char)('a' + i);
        if (strcmp(job->queue, "One") == 0)
            of_one = job;
    }
    found[used] = '\0';
    assert_string_equal(found, "hcfjabg");

    assert_int_equal(queue(p, "Two")->progressing, 2);
    assert_int_equal(queue(p, "Two")->submitted, 1);
    complete(p, of_one); // makes place for d
    assert_string_equal(next(p)->id, ids[3]);
    struct queue_record active = {.name = "Paused"}, *record;
    ok(p, status_queue_update(p->status, &active, p->arena, &record, &p->err));
    assert_string_equal(next(p)->id, ids[4]);
    assert_null(next(p));
}

static void a_job_keeps_its_place(void **state)
{
    struct place *p = *state;
    const char *first = submit(p, "Default", 0)->id;
    submit(p, "Default", 0);
    ok(p, status_job_requeue(p->status, next(p)->id, 1, &p->err));
    struct job_record *again = next(p);
    assert_string_equal(again->id, first);
    assert_int_equal(again->attempt, 2);
}

static const struct {
    int64_t passed_us;
    bool starts;
} delays[] = {
    {0, false},          {9 * SECOND, false}, {10 * SECOND, true},
    {11 * SECOND, true}, {-MINUTE, true}, // the clock was set back: nobody waits for it
};

static void a_queue_that_takes_its_time(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        clock_us = start_us;
        const char *id = submit(p, "Default", 0)->id;
        pass(delays[i].passed_us);
        struct job_record *job;
        int found = status_next_job(p->status, 10 * SECOND, p->arena, &job, &p->err);
        ok(p, found);
        assert_int_equal(found, delays[i].starts);
        if (!found)
            ok(p, status_job_cancel(p->status, id, &p->err));
    }
}

/* --- hops --- */

static struct job_record *submit_with_hops(struct place *p, const char *rest)
{
    struct new_job job = *plain_job();
    job.queue = "Slow";
    job.priority = 3;
    job.rest = rest;
    return create(p, &job);
}

/* Where a job is after so many minutes in a paused queue. */
static const struct {
    const char *hops;
    int minutes;
    const char *queue;
    int priority, transitions;
} hops[] = {
    {"[]", 100, "Slow", 3, 0},
    {"[{\"queue\":\"Next\",\"waitMinutes\":10}]", 9, "Slow", 3, 0},
    {"[{\"queue\":\"Next\",\"waitMinutes\":10}]", 10, "Next", 3, 1},
    {"[{\"queue\":\"arn:aws:mediaconvert:us-east-1:111122223333:queues/Next\","
     "\"waitMinutes\":1,\"priority\":-7}]",
     1, "Next", -7, 1},
    {"[{\"waitMinutes\":1,\"priority\":0}]", 1, "Default", 0, 1},
    {"[{\"queue\":\"Next\",\"waitMinutes\":1},{\"queue\":\"Last\",\"waitMinutes\":5}]", 4, "Next",
     3, 1},
    {"[{\"queue\":\"Next\",\"waitMinutes\":1},{\"queue\":\"Last\",\"waitMinutes\":5}]", 5, "Last",
     3, 2},
    {"[{\"queue\":\"None\",\"waitMinutes\":1}]", 5, "Slow", 3, 0},
    {"[{\"queue\":\"Next\",\"waitMinutes\":9223372036854775807}]", 5, "Slow", 3, 0},
};

static void hopping(void **state)
{
    struct place *p = *state;
    add_queue(p, &(struct queue_record){.name = "Slow", .paused = true});
    add_queue(p, &(struct queue_record){.name = "Next", .paused = true});
    add_queue(p, &(struct queue_record){.name = "Last", .paused = true});
    struct queue_record paused = {.name = "Default", .paused = true}, *record;
    ok(p, status_queue_update(p->status, &paused, p->arena, &record, &p->err));
    for (size_t i = 0; i < COUNT(hops); i++) {
        clock_us = start_us;
        char rest[512];
        snprintf(rest, sizeof(rest), "{\"hopDestinations\":%s}", hops[i].hops);
        const char *id = submit_with_hops(p, rest)->id;
        for (int minute = 0; minute <= hops[i].minutes; minute++, pass(MINUTE))
            assert_null(next(p));
        struct job_record *job = get(p, id);
        if (strcmp(job->queue, hops[i].queue) != 0 || job->priority != hops[i].priority ||
            job->transitions_count != hops[i].transitions)
            fail_msg("row %zu: in %s, priority %d, %d transitions", i, job->queue, job->priority,
                     job->transitions_count);
        ok(p, status_job_cancel(p->status, id, &p->err));
    }
}

static void what_a_hop_tells(void **state)
{
    struct place *p = *state;
    add_queue(p, &(struct queue_record){.name = "Slow", .paused = true});
    struct job_record *job =
        submit_with_hops(p, "{\"hopDestinations\":[{\"queue\":\"None\",\"waitMinutes\":1},"
                            "{\"queue\":\"Default\",\"waitMinutes\":2,\"priority\":9}]}");
    pass(MINUTE);
    assert_null(next(p));
    job = get(p, job->id);
    assert_string_equal(job->warning_counts, "[{\"code\":100000,\"count\":1}]");
    assert_non_null(strstr(newest_event(p), "\"status\":\"NEW_WARNING\""));
    pass(MINUTE);
    job = next(p);
    assert_non_null(job);
    assert_int_equal(job->priority, 9);
    assert_int_equal(job->transitions_count, 1);
    assert_string_equal(job->transitions[0].from, "Slow");
    assert_string_equal(job->transitions[0].to, "Default");
    assert_int_equal(job->transitions[0].at_us, clock_us);
    ok(p, status_job_requeue(p->status, job->id, 1, &p->err)); // hops only once
    assert_int_equal(next(p)->transitions_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(default_queue),
        TEST(a_queue_of_ones_own),
        TEST(pages),
        TEST(tokens_of_another_list),
        TEST(order),
        TEST(a_job_keeps_its_place),
        TEST(a_queue_that_takes_its_time),
        TEST(hopping),
        TEST(what_a_hop_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
