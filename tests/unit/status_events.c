/* SPDX-License-Identifier: Apache-2.0 */
/* Events: their exact text, their order, who has got them, when they are forgotten. */
#include "status_place.h"

#include <pthread.h>

#include "base/clock.h"

/* The newest event with its uuid and job id blanked: what is left is known to the byte. */
static const char *blanked(struct place *p, const char *job)
{
    char *json = arena_strdup(p->arena, newest_event(p));
    assert_null(strchr(json, '\n'));
    char *uuid = strstr(json, "\"id\":\"") + 6;
    assert_int_equal(uuid[36], '"');
    assert_int_equal(uuid[14], '4'); // the version of the uuid
    memset(uuid, '#', 36);
    for (char *at; (at = strstr(json, job));)
        memset(at, '@', strlen(job));
    return json;
}

#define ENVELOPE                                                                                   \
    "{\"version\":\"0\",\"id\":\"####################################\","                          \
    "\"detail-type\":\"MediaConvert Job State Change\",\"source\":\"aws.mediaconvert\","           \
    "\"account\":\"111122223333\",\"time\":\"2022-12-19T19:20:17Z\",\"region\":\"us-east-1\","     \
    "\"resources\":[\"arn:aws:mediaconvert:us-east-1:111122223333:jobs/@@@@@@@@@@@@@@@@@@@@\"],"   \
    "\"detail\":{\"timestamp\":1671477617078,\"accountId\":\"111122223333\","                      \
    "\"queue\":\"arn:aws:mediaconvert:us-east-1:111122223333:queues/Default\","                    \
    "\"jobId\":\"@@@@@@@@@@@@@@@@@@@@\",\"status\":\""
#define METADATA "\",\"userMetadata\":{\"asset\":\"\\u00e4 1\"}"

static void do_nothing(struct place *p, const struct job_record *job)
{
    (void)p, (void)job;
}

static void do_input(struct place *p, const struct job_record *job)
{
    ok(p, status_job_input(p->status, job->id, 1, "[{\"id\":1,\n \"uri\":\"s3://b/k\"}]", &p->err));
}

static void do_warning(struct place *p, const struct job_record *job)
{
    ok(p, status_job_message(p->status, job->id, 1, 230002, "a \"w\"", &p->err));
}

static void do_update(struct place *p, const struct job_record *job)
{
    struct job_progress progress = {PHASE_TRANSCODING, 27, 1234567890123};
    ok(p, status_job_progress(p->status, job->id, 1, &progress, &p->err));
    p->status->now_us = test_now_us;
    clock_us = start_us + MINUTE;
    ok(p, status_send_updates(p->status, &p->err));
    clock_us = start_us;
}

static void do_end(struct place *p, const struct job_record *job, const struct job_end *end)
{
    ok(p, status_job_end(p->status, job->id, 1, end, &p->err));
}

static void do_complete(struct place *p, const struct job_record *job)
{
    do_end(p, job,
           &(struct job_end){.status = JOB_COMPLETE,
                             .output_groups = "[]",
                             .event = "{\"outputGroupDetails\": [ ],\"paddingInserted\":0}"});
}

static void do_complete_with_warnings(struct place *p, const struct job_record *job)
{
    do_warning(p, job);
    do_warning(p, job);
    do_end(p, job, &(struct job_end){.status = JOB_COMPLETE, .event = "{\"paddingInserted\":12}"});
}

static void do_error(struct place *p, const struct job_record *job)
{
    do_end(p, job, &(struct job_end){JOB_ERROR, 1404, "Unable to open [s3://b/k]"});
}

static void do_cancel(struct place *p, const struct job_record *job)
{
    do_end(p, job, &(struct job_end){JOB_CANCELED});
}

/* What happens to a job that has just been started, and its event. */
static const struct {
    void (*happens)(struct place *p, const struct job_record *job);
    const char *event;
} events[] = {
    {do_nothing, ENVELOPE "PROGRESSING" METADATA "}}"},
    {do_input,
     ENVELOPE "INPUT_INFORMATION" METADATA ",\"inputDetails\":[{\"id\":1,\"uri\":\"s3://b/k\"}]}}"},
    {do_warning, ENVELOPE "NEW_WARNING" METADATA
                          ",\"warningCode\":230002,\"warningMessage\":\"a \\\"w\\\"\"}}"},
    {do_complete,
     ENVELOPE "COMPLETE" METADATA ",\"outputGroupDetails\":[],\"paddingInserted\":0}}"},
    {do_complete_with_warnings, ENVELOPE
     "COMPLETE" METADATA ",\"paddingInserted\":12,\"warnings\":[{\"code\":230002,\"count\":2}]}}"},
    {do_error, ENVELOPE "ERROR" METADATA
                        ",\"errorCode\":1404,\"errorMessage\":\"Unable to open [s3://b/k]\"}}"},
    {do_cancel, ENVELOPE "CANCELED" METADATA "}}"},
};

static void texts(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(events); i++) {
        create(p, plain_job());
        struct job_record *job = next(p);
        events[i].happens(p, job);
        assert_string_equal(blanked(p, job->id), events[i].event);
    }
}

static void status_update(void **state)
{
    struct place *p = *state;
    create(p, plain_job());
    struct job_record *job = next(p);
    do_update(p, job);
    const char *json = newest_event(p);
    assert_non_null(strstr(
        json, "\"status\":\"STATUS_UPDATE" METADATA ",\"framesDecoded\":1234567890123,"
              "\"jobProgress\":{\"phaseProgress\":{"
              "\"PROBING\":{\"status\":\"COMPLETE\",\"percentComplete\":100},"
              "\"TRANSCODING\":{\"status\":\"PROGRESSING\",\"percentComplete\":27},"
              "\"UPLOADING\":{\"status\":\"PENDING\",\"percentComplete\":0}},"
              "\"jobPercentComplete\":27,\"currentPhase\":\"TRANSCODING\",\"retryCount\":0}}}"));
}

static void no_metadata(void **state)
{
    struct place *p = *state;
    struct new_job job = *plain_job();
    job.rest = "{}";
    create(p, &job);
    next(p);
    assert_non_null(strstr(newest_event(p), "\"userMetadata\":{}"));
}

/* When updates are sent, in seconds since the start, looking every second for five minutes. */
static const struct {
    int interval_s;
    const char *at;
} updates[] = {
    {10, "10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160 170 180 190 200 210 220 230 240 "
         "250 260 270 280 290 300 "},
    {60, "60 120 180 240 300 "},
    {0, "60 120 180 240 300 "},
    {120, "60 180 300 "},
    {600, "60 "},
};

static void intervals(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(updates); i++) {
        struct new_job job = *plain_job();
        job.interval_s = updates[i].interval_s;
        create(p, &job);
        struct job_record *running = next(p);
        char found[256] = "";
        for (int second = 0; second <= 300; second++, pass(SECOND)) {
            int64_t before = status_newest_event(p->status);
            ok(p, status_send_updates(p->status, &p->err));
            int64_t sent = status_newest_event(p->status) - before;
            assert_true(sent <= 1);
            size_t used = strlen(found);
            if (sent)
                snprintf(found + used, sizeof(found) - used, "%d ", second);
        }
        assert_string_equal(found, updates[i].at);
        complete(p, running);
    }
}

/* A server that was asleep sends one, not those that it has missed. */
static void missed_updates(void **state)
{
    struct place *p = *state;
    create(p, plain_job());
    next(p);
    pass(10 * (int64_t)MINUTE + 5 * SECOND);
    for (int i = 0; i < 3; i++)
        ok(p, status_send_updates(p->status, &p->err));
    assert_int_equal(status_newest_event(p->status), 2);
    pass(55 * SECOND);
    ok(p, status_send_updates(p->status, &p->err));
    assert_int_equal(status_newest_event(p->status), 3);
}

/* --- targets --- */

static int64_t place_of(struct place *p, const char *target)
{
    int64_t place;
    ok(p, status_target_place(p->status, target, &place, &p->err));
    return place;
}

static void targets(void **state)
{
    struct place *p = *state;
    submit(p, "Default", 0);
    complete(p, next(p)); // events 1 and 2
    ok(p, status_target_add(p->status, "a", &p->err));
    assert_int_equal(place_of(p, "a"), 2);
    submit(p, "Default", 0);
    complete(p, next(p));
    ok(p, status_target_got(p->status, "a", 3, &p->err));
    ok(p, status_target_add(p->status, "a", &p->err)); // is there already
    assert_int_equal(place_of(p, "a"), 3);
    ok(p, status_target_got(p->status, "a", 1, &p->err)); // goes forward only
    assert_int_equal(place_of(p, "a"), 3);
    status_close(&p->status);
    ok(p, place_open(p));
    assert_int_equal(place_of(p, "a"), 3);
    assert_int_equal(status_newest_event(p->status), 4);
    int64_t place;
    refused(p, status_target_place(p->status, "b", &place, &p->err), ERROR_NOT_FOUND);
    refused(p, status_target_got(p->status, "b", 1, &p->err), ERROR_NOT_FOUND);

    struct event *some;
    int count;
    ok(p, status_events_after(p->status, 1, 2, p->arena, &some, &count, &p->err));
    assert_int_equal(count, 2);
    assert_int_equal(some[0].number, 2);
    assert_int_equal(some[1].number, 3);
}

static int events_kept(struct place *p)
{
    struct event *some;
    int count;
    ok(p, status_events_after(p->status, 0, 100, p->arena, &some, &count, &p->err));
    return count;
}

static void forgotten(void **state)
{
    struct place *p = *state;
    const int64_t day = 24 * 60 * (int64_t)MINUTE;
    ok(p, status_target_add(p->status, "slow", &p->err));
    ok(p, status_target_add(p->status, "fast", &p->err));
    submit(p, "Default", 0);
    complete(p, next(p));
    ok(p, status_target_got(p->status, "fast", 2, &p->err));
    ok(p, status_target_got(p->status, "slow", 1, &p->err));
    ok(p, status_forget(p->status, 90 * day, &p->err));
    assert_int_equal(events_kept(p), 2); // too young
    pass(day + 1);
    ok(p, status_forget(p->status, 90 * day, &p->err));
    assert_int_equal(events_kept(p), 1); // "slow" has not got it
    status_close(&p->status);
    ok(p, place_open(p));
    ok(p, status_target_add(p->status, "fast", &p->err)); // nobody wants "slow" any more
    pass(day + 1);
    ok(p, status_forget(p->status, 90 * day, &p->err));
    assert_int_equal(events_kept(p), 0);
    submit(p, "Default", 0);
    next(p);
    assert_int_equal(status_newest_event(p->status), 3); // numbers are not used again
}

/* --- waiting --- */

static void *start_later(void *argument)
{
    struct place *p = argument;
    usleep(50 * 1000);
    next(p);
    return NULL;
}

static void waiting(void **state)
{
    struct place *p = *state;
    int64_t before = clock_monotonic_us();
    status_wait_for_event(p->status, 0, 20 * 1000);
    assert_true(clock_monotonic_us() - before >= 20 * 1000);

    submit(p, "Default", 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, start_later, p), 0);
    status_wait_for_event(p->status, 0, 60 * (int64_t)SECOND);
    assert_int_equal(status_newest_event(p->status), 1);
    pthread_join(thread, NULL);
    status_wait_for_event(p->status, 0, 60 * (int64_t)SECOND); // it is there
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts),          TEST(status_update), TEST(no_metadata), TEST(intervals),
        TEST(missed_updates), TEST(targets),       TEST(forgotten),   TEST(waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
