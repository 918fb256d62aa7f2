/* SPDX-License-Identifier: Apache-2.0 */
/* What workers leave that are dead, or could not take it back. */
#include "dispatch_place.h"

#include "status/queues.h"

/* An attempt that nobody runs any more has named these. */
static void leave(struct place *p, const char *uris)
{
    const char *id = submit(p, "complete");
    struct job_record *record;
    assert_int_equal(status_next_job(p->status, 0, p->arena, &record, &p->err), 1);
    assert_string_equal(record->id, id);
    ok(p, status_job_objects(p->status, id, 1, uris, &p->err));
    ok(p, status_job_cancel(p->status, id, &p->err));
    ok(p, status_job_requeue(p->status, id, 1, &p->err));
}

/* What cannot be removed stays on record, and nobody waits for it. */
static void test_stray_that_stays(void **state)
{
    struct place *p = *state;
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/out", p->storage_folder);
    mkdir(folder, 0777);
    leave(p, "[\"s3://out/first\",\"s3://../no/bucket\"]");
    leave(p, "[\"s3://out/second\"]");
    write_file(folder, "first");
    write_file(folder, "second");
    start(p, 1);
    assert_int_equal(wait_for_end(p, submit(p, "complete"))->status, JOB_COMPLETE);
    assert_false(has_file(p->storage_folder, "out/first"));
    assert_false(has_file(p->storage_folder, "out/second"));
    const struct stray_objects *left = stray(p);
    assert_non_null(left);
    assert_string_equal(left->uris, "[\"s3://../no/bucket\",\"s3://out/first\"]");
    ok(p, status_stray_objects(p->status, left->number, p->arena, (struct stray_objects **)&left,
                               &p->err));
    assert_null(left);
}

/* What a worker that has failed could not take back goes a few seconds later. */
static void test_litter(void **state)
{
    struct place *p = *state;
    start(p, 1);
    const struct job_record *record = wait_for_end(p, submit(p, "littering"));
    assert_int_equal(record->error_code, 3451);
    assert_true(has_file(p->storage_folder, "out/litter"));
    assert_non_null(stray(p));
    for (int i = 0; i < 1000 && stray(p); i++)
        sleep_ms(20);
    expect_no_strays(p);
    assert_false(has_file(p->storage_folder, "out/litter"));
}

/* Who wants to make what is just being removed for somebody else waits. */
static void test_wait_for_removal(void **state)
{
    struct place *p = *state;
    struct stray_objects *lost;
    start(p, 2);
    const char *deaf = submit(p, "deaf");
    wait_for_file(p, "deaf.started");
    ok(p, status_lost_objects(p->status, deaf, 1, p->arena, &lost, &p->err));
    assert_non_null(lost);
    const char *twin = submit(p, "twin"), *gone = submit(p, "twin");
    sleep_ms(700);
    assert_int_equal(job(p, twin)->status, JOB_PROGRESSING);
    ok(p, status_job_cancel(p->status, twin, &p->err)); // the wait ends
    assert_int_equal(wait_for_end(p, twin)->status, JOB_CANCELED);
    sleep_ms(300);
    assert_int_equal(job(p, gone)->status, JOB_PROGRESSING);
    ok(p, status_job_objects_stay(p->status, deaf, 1, &p->err));
    assert_int_equal(wait_for_end(p, gone)->status, JOB_COMPLETE);
    assert_true(has_file(p->storage_folder, "out/deaf"));
    ok(p, status_job_cancel(p->status, deaf, &p->err));
    wait_for_end(p, deaf);
    assert_true(has_file(p->storage_folder, "out/deaf")); // it is another's now
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stray_that_stays),
        TEST(test_litter),
        TEST(test_wait_for_removal),
    };
    signal(SIGPIPE, SIG_IGN);
    if (argc > 3 && !strcmp(argv[1], "worker"))
        return worker(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
