/* SPDX-License-Identifier: Apache-2.0 */
/* The driver, with a handler that does nothing and a clock that is moved. */
#include "status_place.h"

#include <errno.h>
#include <sys/stat.h>

#include "batch/batch.h"

static const int64_t day_us = (int64_t)24 * 3600 * SECOND;

struct driven {
    struct storage *storage;
    struct batches *batches;
    struct batches_options options;
    char folder[100], manifest[120];
};

static void begin(struct place *p, struct driven *d)
{
    static const struct log log = {LOG_LEVEL_ERROR};
    snprintf(d->folder, sizeof(d->folder), "%s/batch", p->folder);
    snprintf(d->manifest, sizeof(d->manifest), "file://%s/m.csv", p->folder);
    FILE *file = fopen(d->manifest + strlen("file://"), "w");
    assert_non_null(file);
    fputs("in,a\nin,b\n", file);
    fclose(file);
    ok(p, storage_open_folder(&d->storage, p->folder, &p->err));
    d->options = (struct batches_options){
        .status = p->status, .storage = d->storage, .folder = d->folder, .log = &log};
    ok(p, batches_start(&d->batches, &d->options, &p->err));
}

static void end(struct driven *d)
{
    batches_free(&d->batches);
    storage_free(&d->storage);
}

static const char *make(struct place *p, struct driven *d, const char *token, bool confirm)
{
    struct batch_record *record;
    struct batch_request request = {
        .role_arn = "",
        .token = token,
        .confirmation_required = confirm,
        .fields = {"Bucket", "Key"},
        .fields_count = 2,
        .manifest = d->manifest,
        .function = "noop",
        .schema = "1.0",
    };
    ok(p, status_batch_create(p->status, &request, p->arena, &record, &p->err));
    batches_wake(d->batches);
    return record->id;
}

static struct batch_record *wait_for(struct place *p, struct driven *d, const char *id,
                                     enum batch_status status)
{
    struct batch_record *record = NULL;
    for (int i = 0; i < 1000; i++) {
        ok(p, status_batch_get(p->status, id, p->arena, &record, &p->err));
        if (record->status == status)
            return record;
        batches_wake(d->batches);
        usleep(10000);
    }
    fail_msg("it is %s", batch_status_names[record->status]);
    return NULL;
}

static bool has_entries(struct driven *d, const char *id)
{
    char path[200];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s/entries", d->folder, id);
    return stat(path, &st) == 0;
}

static void to_its_end(void **state)
{
    struct place *p = *state;
    struct driven d = {0};
    begin(p, &d);
    const char *id = make(p, &d, "t", false);
    struct batch_record *record = wait_for(p, &d, id, BATCH_COMPLETE);
    assert_int_equal(record->succeeded, 2);
    assert_non_null(record->request.manifest_etag); // the one that was read
    for (int i = 0; has_entries(&d, id) && i < 100; i++)
        usleep(10000);
    assert_false(has_entries(&d, id));
    end(&d);
}

static void never_confirmed(void **state)
{
    struct place *p = *state;
    struct driven d = {0};
    begin(p, &d);
    const char *id = make(p, &d, "t", true);
    wait_for(p, &d, id, BATCH_SUSPENDED);
    assert_true(has_entries(&d, id));
    pass(BATCHES_SUSPENDED_DAYS * day_us - SECOND);
    batches_wake(d.batches);
    usleep(100000);
    wait_for(p, &d, id, BATCH_SUSPENDED);
    pass(2 * SECOND);
    struct batch_record *record = wait_for(p, &d, id, BATCH_FAILED);
    assert_int_equal(record->failures_count, 1);
    assert_string_equal(record->failures[0].code, "SuspendedTooLong");
    end(&d);
}

/* What a killed process has left: a file half written, entries of a batch job that has ended. */
static void swept(void **state)
{
    struct place *p = *state;
    struct driven d = {0};
    char path[300];
    begin(p, &d);
    const char *suspended = make(p, &d, "s", true), *ended = make(p, &d, "e", false);
    wait_for(p, &d, suspended, BATCH_SUSPENDED);
    wait_for(p, &d, ended, BATCH_COMPLETE);
    end(&d);
    const char *left[] = {ended, "00000000-0000-4000-a000-000000000000"};
    for (size_t i = 0; i < COUNT(left); i++) {
        snprintf(path, sizeof(path), "%s/%s", d.folder, left[i]);
        if (mkdir(path, 0700) < 0)
            assert_int_equal(errno, EEXIST);
        snprintf(path, sizeof(path), "%s/%s/entries", d.folder, left[i]);
        fclose(fopen(path, "w"));
    }
    begin(p, &d);
    assert_true(has_entries(&d, suspended));
    assert_false(has_entries(&d, left[0]));
    assert_false(has_entries(&d, left[1]));
    end(&d);
}

/* Somebody has removed the entries: the batch job says so instead of waiting for ever. */
static void entries_that_are_gone(void **state)
{
    struct place *p = *state;
    struct driven d = {0};
    char path[300];
    struct batch_record *record;
    begin(p, &d);
    const char *id = make(p, &d, "t", true);
    wait_for(p, &d, id, BATCH_SUSPENDED);
    snprintf(path, sizeof(path), "%s/%s/entries", d.folder, id);
    assert_int_equal(unlink(path), 0);
    ok(p, status_batch_ask(p->status, id, BATCH_READY, NULL, p->arena, &record, &p->err));
    record = wait_for(p, &d, id, BATCH_FAILED);
    assert_string_equal(record->failures[0].code, "InternalError");
    assert_non_null(strstr(record->failures[0].reason, "entries"));
    end(&d);
}

/* The last failure was recorded and the process killed: no task is run any more. */
static void too_many_had_failed(void **state)
{
    struct place *p = *state;
    struct driven d = {0};
    struct batch_record *record;
    begin(p, &d);
    const char *id = make(p, &d, "t", true);
    wait_for(p, &d, id, BATCH_SUSPENDED);
    static struct batch_result results[1000];
    for (int i = 0; i < 1000; i++)
        results[i] = (struct batch_result){i + 2, false, 200, "PermanentFailure", "no"};
    ok(p, status_batch_record(p->status, id, results, 1000, &p->err));
    ok(p, status_batch_ask(p->status, id, BATCH_READY, NULL, p->arena, &record, &p->err));
    record = wait_for(p, &d, id, BATCH_FAILED);
    assert_string_equal(record->failures[0].code, "FailureThresholdExceeded");
    assert_int_equal(record->succeeded, 0);
    end(&d);
}

/* Others, even of higher priority, stay as they are. */
static void only_the_chosen_one(void **state)
{
    struct place *p = *state;
    struct driven d = {0};
    struct batch_record *record;
    begin(p, &d);
    batches_free(&d.batches);
    d.options.only_chosen = true;
    ok(p, batches_start(&d.batches, &d.options, &p->err));
    const char *other = make(p, &d, "other", false), *ours = make(p, &d, "ours", false);
    ok(p, status_batch_set_priority(p->status, other, 99, p->arena, &record, &p->err));
    usleep(100000);
    wait_for(p, &d, ours, BATCH_NEW);
    batches_choose(d.batches, ours);
    wait_for(p, &d, ours, BATCH_COMPLETE);
    wait_for(p, &d, other, BATCH_NEW);
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(to_its_end),
        TEST(never_confirmed),
        TEST(swept),
        TEST(entries_that_are_gone),
        TEST(too_many_had_failed),
        TEST(only_the_chosen_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
