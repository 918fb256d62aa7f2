/* SPDX-License-Identifier: Apache-2.0 */
/* Batch jobs: which state may follow which; made once, listed, asked for something; results. */
#include "status_place.h"

#include "status/batch.h"

/* --- the table of states --- */

static const bool allowed[BATCH_STATUSES][BATCH_STATUSES] = {
    [BATCH_NEW] = {[BATCH_PREPARING] = true},
    [BATCH_PREPARING] = {[BATCH_SUSPENDED] = true, [BATCH_READY] = true},
    [BATCH_SUSPENDED] = {[BATCH_READY] = true},
    [BATCH_READY] = {[BATCH_ACTIVE] = true},
    [BATCH_ACTIVE] = {[BATCH_PAUSING] = true, [BATCH_COMPLETING] = true},
    [BATCH_PAUSING] = {[BATCH_PAUSED] = true},
    [BATCH_PAUSED] = {[BATCH_ACTIVE] = true},
    [BATCH_COMPLETING] = {[BATCH_COMPLETE] = true},
    [BATCH_CANCELLING] = {[BATCH_CANCELLED] = true},
    [BATCH_FAILING] = {[BATCH_FAILED] = true},
};

/* These may be cancelled, and fail. */
static const bool goes_on[BATCH_STATUSES] = {
    [BATCH_NEW] = true,    [BATCH_PREPARING] = true,  [BATCH_SUSPENDED] = true,
    [BATCH_READY] = true,  [BATCH_ACTIVE] = true,     [BATCH_PAUSING] = true,
    [BATCH_PAUSED] = true, [BATCH_COMPLETING] = true,
};

static void table(void **state)
{
    (void)state;
    for (int from = 0; from < BATCH_STATUSES; from++)
        for (int to = 0; to < BATCH_STATUSES; to++) {
            bool early = to == BATCH_CANCELLING || to == BATCH_FAILING;
            assert_int_equal(
                batch_status_may_follow((enum batch_status)from, (enum batch_status)to),
                early ? goes_on[from] : allowed[from][to]);
        }
    for (int i = 0; i < BATCH_STATUSES; i++)
        assert_int_equal(batch_status_is_final((enum batch_status)i),
                         i == BATCH_COMPLETE || i == BATCH_CANCELLED || i == BATCH_FAILED);
}

/* --- batch jobs --- */

static struct batch_request plain_request(const char *token)
{
    return (struct batch_request){
        .role_arn = "arn:aws:iam::111122223333:role/r",
        .token = token,
        .priority = 10,
        .fields = {"Bucket", "Key"},
        .fields_count = 2,
        .manifest = "arn:aws:s3:::m/manifest.csv",
        .manifest_etag = "abc",
        .function = "builtin",
        .schema = "1.0",
        .report = true,
        .report_bucket = "arn:aws:s3:::r",
    };
}

static struct batch_record *make(struct place *p, const struct batch_request *request)
{
    struct batch_record *record = NULL;
    ok(p, status_batch_create(p->status, request, p->arena, &record, &p->err));
    return record;
}

static struct batch_record *make_plain(struct place *p, const char *token)
{
    struct batch_request request = plain_request(token);
    return make(p, &request);
}

static struct batch_record *read_batch(struct place *p, const char *id)
{
    struct batch_record *record = NULL;
    ok(p, status_batch_get(p->status, id, p->arena, &record, &p->err));
    return record;
}

static void move_batch(struct place *p, const char *id, enum batch_status to)
{
    ok(p, status_batch_move(p->status, id, read_batch(p, id)->status, to, &p->err));
}

/* Up to Active, with so many tasks. */
static const char *active_batch(struct place *p, const char *token, int64_t total)
{
    const char *id = make_plain(p, token)->id;
    move_batch(p, id, BATCH_PREPARING);
    ok(p, status_batch_prepared(p->status, id, total, "abc", NULL, &p->err));
    move_batch(p, id, BATCH_ACTIVE);
    return id;
}

static void everything_is_kept(void **state)
{
    struct place *p = *state;
    struct batch_request request = plain_request("t");
    request.description = "d \"\xc3\xa4\"";
    request.tags = "{\"a\":\"b\"}";
    request.confirmation_required = true;
    request.manifest_format = BATCH_MANIFEST_INVENTORY;
    request.manifest_version = "v1";
    request.user_arguments = "{\"k\":\"v\"}";
    request.report_prefix = "p/q";
    request.report_scope = BATCH_REPORT_FAILED_TASKS_ONLY;
    const struct batch_record *made = make(p, &request);
    assert_int_equal(strlen(made->id), 36);
    const struct batch_record *record = read_batch(p, made->id);
    const struct batch_request *r = &record->request;
    assert_string_equal(r->description, request.description);
    assert_string_equal(r->role_arn, request.role_arn);
    assert_string_equal(r->token, "t");
    assert_int_equal(r->priority, 10);
    assert_true(r->confirmation_required);
    assert_int_equal(r->manifest_format, BATCH_MANIFEST_INVENTORY);
    assert_int_equal(r->fields_count, 2);
    assert_string_equal(r->fields[1], "Key");
    assert_string_equal(r->manifest, request.manifest);
    assert_string_equal(r->manifest_version, "v1");
    assert_string_equal(r->manifest_etag, "abc");
    assert_string_equal(r->function, "builtin");
    assert_string_equal(r->schema, "1.0");
    assert_string_equal(r->user_arguments, "{\"k\":\"v\"}");
    assert_true(r->report);
    assert_string_equal(r->report_bucket, request.report_bucket);
    assert_string_equal(r->report_prefix, "p/q");
    assert_int_equal(r->report_scope, BATCH_REPORT_FAILED_TASKS_ONLY);
    assert_int_equal(record->status, BATCH_NEW);
    assert_int_equal(record->created_us, start_us);
    assert_null(record->suspended_cause);
    assert_int_equal(record->failures_count, 0);
    assert_string_equal(status_batch_arn(p->status, p->arena, "4d5f"),
                        "arn:aws:s3:us-east-1:111122223333:job/4d5f");
    const char *tags;
    ok(p, status_batch_tags_get(p->status, made->id, p->arena, &tags, &p->err));
    assert_string_equal(tags, "{\"a\":\"b\"}");
    ok(p, status_batch_tags_put(p->status, made->id, "{\"c\":\"d\"}", &p->err));
    ok(p, status_batch_tags_get(p->status, made->id, p->arena, &tags, &p->err));
    assert_string_equal(tags, "{\"c\":\"d\"}");
    refused(p, status_batch_tags_put(p->status, "none", "{}", &p->err), ERROR_NOT_FOUND);
}

static void the_token_makes_one(void **state)
{
    struct place *p = *state;
    const char *id = make_plain(p, "t")->id;
    assert_string_equal(make_plain(p, "t")->id, id);
    assert_string_not_equal(make_plain(p, "u")->id, id);
    struct batch_request other = plain_request("t");
    other.function = "noop";
    struct batch_record *record;
    refused(p, status_batch_create(p->status, &other, p->arena, &record, &p->err), ERROR_CONFLICT);
}

static void lists(void **state)
{
    struct place *p = *state;
    const char *ids[5];
    for (int i = 0; i < 5; i++)
        ids[i] = make_plain(p, arena_printf(p->arena, "t%d", i))->id;
    move_batch(p, ids[1], BATCH_PREPARING);
    move_batch(p, ids[3], BATCH_PREPARING);
    struct batch_record **found;
    int count;
    struct page page = {.max = 2};
    for (int at = 4; at >= 0; at -= 2) {
        ok(p, status_batch_list(p->status, NULL, &page, p->arena, &found, &count, &page.token,
                                &p->err));
        assert_int_equal(count, at > 0 ? 2 : 1);
        for (int i = 0; i < count; i++)
            assert_string_equal(found[i]->id, ids[at - i]);
        assert_int_equal(page.token != NULL, at > 0);
    }
    static const bool preparing[BATCH_STATUSES] = {[BATCH_PREPARING] = true};
    page = (struct page){.max = 9};
    ok(p, status_batch_list(p->status, preparing, &page, p->arena, &found, &count, &page.token,
                            &p->err));
    assert_int_equal(count, 2);
    assert_string_equal(found[0]->id, ids[3]);
    page.token = "zz";
    refused(
        p,
        status_batch_list(p->status, NULL, &page, p->arena, &found, &count, &page.token, &p->err),
        ERROR_BAD_REQUEST);
}

/* What the API may ask for in each state. */
static void asking(void **state)
{
    struct place *p = *state;
    struct batch_request request = plain_request("t");
    request.confirmation_required = true;
    const char *id = make(p, &request)->id;
    struct batch_record *record;
    refused(p, status_batch_ask(p->status, id, BATCH_READY, NULL, p->arena, &record, &p->err),
            ERROR_CONFLICT);
    move_batch(p, id, BATCH_PREPARING);
    ok(p, status_batch_prepared(p->status, id, 3, "etag", NULL, &p->err));
    record = read_batch(p, id);
    assert_int_equal(record->status, BATCH_SUSPENDED);
    assert_int_equal(record->total, 3);
    assert_int_equal(record->suspended_us, start_us);
    assert_string_equal(record->suspended_cause, "AwaitingConfirmation");
    ok(p, status_batch_ask(p->status, id, BATCH_READY, "go", p->arena, &record, &p->err));
    assert_int_equal(record->status, BATCH_READY);
    assert_string_equal(record->status_update_reason, "go");
    ok(p, status_batch_set_priority(p->status, id, 99, p->arena, &record, &p->err));
    assert_int_equal(record->request.priority, 99);
    ok(p, status_batch_ask(p->status, id, BATCH_CANCELLED, NULL, p->arena, &record, &p->err));
    assert_int_equal(record->status, BATCH_CANCELLING);
    refused(p, status_batch_ask(p->status, id, BATCH_CANCELLED, NULL, p->arena, &record, &p->err),
            ERROR_CONFLICT);
    move_batch(p, id, BATCH_CANCELLED);
    assert_int_equal(read_batch(p, id)->ended_us, start_us);
    refused(p, status_batch_set_priority(p->status, id, 1, p->arena, &record, &p->err),
            ERROR_CONFLICT);
    refused(p, status_batch_ask(p->status, "none", BATCH_READY, NULL, p->arena, &record, &p->err),
            ERROR_NOT_FOUND);
}

/* The clock of Active time runs while it is Active, and while it comes to a stop. */
static void active_time(void **state)
{
    struct place *p = *state;
    const char *id = active_batch(p, "t", 2);
    pass(5 * SECOND);
    assert_int_equal(read_batch(p, id)->active_us, 5 * SECOND);
    move_batch(p, id, BATCH_PAUSING);
    pass(1 * SECOND);
    move_batch(p, id, BATCH_PAUSED);
    pass(100 * SECOND);
    assert_int_equal(read_batch(p, id)->active_us, 6 * SECOND);
    move_batch(p, id, BATCH_ACTIVE);
    pass(2 * SECOND);
    struct batch_result result = {0, true, 200, "", "m"};
    ok(p, status_batch_record(p->status, id, &result, 1, &p->err));
    pass(50 * SECOND); // nobody drives it
    ok(p, status_batches_begin(p->status, &p->err));
    assert_int_equal(read_batch(p, id)->active_us, 8 * SECOND);
    move_batch(p, id, BATCH_COMPLETING);
    pass(9 * SECOND);
    assert_int_equal(read_batch(p, id)->active_us, 8 * SECOND);
}

static void somebody_was_faster(void **state)
{
    struct place *p = *state;
    struct batch_record *record;
    const char *id = active_batch(p, "t", 2);
    ok(p, status_batch_ask(p->status, id, BATCH_CANCELLED, NULL, p->arena, &record, &p->err));
    refused(p, status_batch_move(p->status, id, BATCH_ACTIVE, BATCH_COMPLETING, &p->err),
            ERROR_CONFLICT);
    ok(p, status_batch_fail(p->status, id, "Code", "why", &p->err)); // only the reason
    record = read_batch(p, id);
    assert_int_equal(record->status, BATCH_CANCELLING);
    assert_int_equal(record->failures_count, 1);
    assert_string_equal(record->failures[0].code, "Code");
    assert_string_equal(record->failures[0].reason, "why");
}

/* --- results --- */

static void results(void **state)
{
    struct place *p = *state;
    const char *id = active_batch(p, "t", 4), *other = active_batch(p, "u", 4);
    const struct batch_result first[] = {{3, false, 500, "TemporaryFailure", "no"},
                                         {0, true, 200, "", "yes, \"yes\""}};
    const struct batch_result second[] = {{0, false, 404, "X", "late"}, {2, true, 200, "", ""}};
    ok(p, status_batch_record(p->status, other, first, 1, &p->err));
    ok(p, status_batch_record(p->status, id, first, 2, &p->err));
    ok(p, status_batch_record(p->status, id, second, 2, &p->err));
    const struct batch_record *record = read_batch(p, id);
    assert_int_equal(record->succeeded, 2);
    assert_int_equal(record->failed, 1);
    struct batch_result *found;
    int count;
    ok(p, status_batch_results(p->status, id, -1, 9, p->arena, &found, &count, &p->err));
    assert_int_equal(count, 3);
    assert_int_equal(found[0].entry, 0);
    assert_true(found[0].succeeded); // what was recorded first stays
    assert_string_equal(found[0].message, "yes, \"yes\"");
    assert_int_equal(found[2].entry, 3);
    assert_int_equal(found[2].http_status, 500);
    assert_string_equal(found[2].code, "TemporaryFailure");
    ok(p, status_batch_results(p->status, id, 0, 1, p->arena, &found, &count, &p->err));
    assert_int_equal(count, 1);
    assert_int_equal(found[0].entry, 2);
    refused(p, status_batch_record(p->status, "none", first, 1, &p->err), ERROR_NOT_FOUND);
    struct batch_counts counts;
    ok(p, status_batch_counts(p->status, &counts, &p->err));
    assert_int_equal(counts.batches[BATCH_ACTIVE], 2);
    assert_int_equal(counts.tasks_succeeded, 2);
    assert_int_equal(counts.tasks_failed, 2);
}

static void forgetting(void **state)
{
    struct place *p = *state;
    const char *old = active_batch(p, "old", 1), *new = active_batch(p, "new", 1);
    const struct batch_result result = {0, true, 200, "", ""};
    ok(p, status_batch_record(p->status, old, &result, 1, &p->err));
    ok(p, status_batch_record(p->status, new, &result, 1, &p->err));
    move_batch(p, old, BATCH_COMPLETING);
    move_batch(p, old, BATCH_COMPLETE);
    pass(MINUTE);
    move_batch(p, new, BATCH_COMPLETING);
    move_batch(p, new, BATCH_COMPLETE);
    const char **ids;
    int all = 0, gone;
    while ((gone = status_batch_forget(p->status, start_us + SECOND, p->arena, &ids, &p->err)) >
           0) {
        all += gone;
        if (ids[0])
            assert_string_equal(ids[0], old);
    }
    ok(p, gone);
    assert_int_equal(all, 2); // the task and the batch job
    struct batch_record *record;
    refused(p, status_batch_get(p->status, old, p->arena, &record, &p->err), ERROR_NOT_FOUND);
    assert_int_equal(read_batch(p, new)->succeeded, 1);
}

/* --- what there is to do --- */

static void unended(void **state)
{
    struct place *p = *state;
    struct batch_request low = plain_request("low"), high = plain_request("high");
    low.priority = 1;
    high.priority = 2147483647;
    high.confirmation_required = true;
    const char *first = make(p, &low)->id, *second = make(p, &high)->id;
    struct batch_brief *briefs;
    int count;
    ok(p, status_batch_unended(p->status, MINUTE, 9, p->arena, &briefs, &count, &p->err));
    assert_int_equal(count, 2);
    assert_string_equal(briefs[0].id, second);
    assert_int_equal(briefs[0].priority, 2147483647);
    assert_string_equal(briefs[1].id, first);
    move_batch(p, second, BATCH_PREPARING);
    ok(p, status_batch_prepared(p->status, second, 1, "e", NULL, &p->err));
    ok(p, status_batch_unended(p->status, MINUTE, 9, p->arena, &briefs, &count, &p->err));
    assert_int_equal(count, 1); // it waits to be confirmed
    pass(MINUTE + 1);
    ok(p, status_batch_unended(p->status, MINUTE, 9, p->arena, &briefs, &count, &p->err));
    assert_int_equal(count, 2);
    assert_int_equal(briefs[0].status, BATCH_SUSPENDED);
}

/* However many of high priority wait, what is being brought on is looked at. */
static void what_waits_comes_last(void **state)
{
    struct place *p = *state;
    struct batch_request low = plain_request("low"), high = plain_request("high");
    low.priority = 1;
    const char *id = make(p, &low)->id;
    make(p, &high);
    move_batch(p, id, BATCH_PREPARING);
    struct batch_brief *briefs;
    int count;
    ok(p, status_batch_unended(p->status, MINUTE, 1, p->arena, &briefs, &count, &p->err));
    assert_int_equal(count, 1);
    assert_string_equal(briefs[0].id, id);
}

/* --- what builtin does --- */

static void what_builtin_does(void **state)
{
    struct place *p = *state;
    struct batch_request request = plain_request("said");
    request.builtin = (struct batch_builtin){.job = "{\"a\":1}", .output_bucket = "out"};
    const char *said = make(p, &request)->id, *unsaid = make_plain(p, "unsaid")->id;
    const struct batch_builtin later = {.job = "{}", .role = "r", .application = "films"};
    assert_null(read_batch(p, unsaid)->request.builtin.job);
    const char *ids[] = {said, unsaid};
    for (size_t i = 0; i < COUNT(ids); i++) {
        move_batch(p, ids[i], BATCH_PREPARING);
        ok(p, status_batch_prepared(p->status, ids[i], 1, "e", &later, &p->err));
    }
    const struct batch_builtin *builtin = &read_batch(p, said)->request.builtin;
    assert_string_equal(builtin->job, "{\"a\":1}");
    assert_string_equal(builtin->output_bucket, "out");
    assert_null(builtin->role);
    builtin = &read_batch(p, unsaid)->request.builtin;
    assert_string_equal(builtin->job, "{}");
    assert_string_equal(builtin->role, "r");
    assert_string_equal(builtin->application, "films");
    struct batch_record *found;
    ok(p, status_batch_find(p->status, "said", p->arena, &found, &p->err));
    assert_string_equal(found->id, said);
    ok(p, status_batch_find(p->status, "other", p->arena, &found, &p->err));
    assert_null(found);
}

/* --- the jobs of its tasks --- */

static void tokens(void **state)
{
    struct place *p = *state;
    const char *id = "4d5f0a10-1111-4222-a333-444455556666";
    assert_string_equal(batch_task_token(p->arena, id, 1234567),
                        "batch-task-4d5f0a1011114222a333444455556666-1234567");
    struct new_job job = *plain_job();
    job.token = batch_task_token(p->arena, id, 7);
    const char *first = create(p, &job)->id;
    pass(30 * MINUTE); // longer than other tokens last
    assert_string_equal(create(p, &job)->id, first);
    int64_t counts[JOB_STATUSES];
    ok(p, status_batch_jobs(p->status, id, counts, &p->err));
    assert_int_equal(counts[JOB_SUBMITTED], 1);
    struct job_record *running = next(p);
    struct job_end end = {.status = JOB_ERROR, .error_code = 1404, .error_message = "gone"};
    ok(p, status_job_end(p->status, running->id, running->attempt, &end, &p->err));
    const char **lines;
    int count;
    ok(p, status_batch_jobs_failed(p->status, id, 9, p->arena, &lines, &count, &p->err));
    assert_int_equal(count, 1);
    assert_non_null(strstr(lines[0], "s3://in/film.mp4: ErrorCode 1404: gone"));
    assert_string_not_equal(create(p, &job)->id, first); // one that failed may be had again
    job.token = batch_task_token(p->arena, "4d5f0a10-1111-4222-a333-444455556667", 7);
    create(p, &job);
    ok(p, status_batch_jobs(p->status, id, counts, &p->err));
    assert_int_equal(counts[JOB_SUBMITTED], 1);
    assert_int_equal(counts[JOB_ERROR], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        TEST(everything_is_kept),
        TEST(the_token_makes_one),
        TEST(lists),
        TEST(asking),
        TEST(active_time),
        TEST(somebody_was_faster),
        TEST(results),
        TEST(forgetting),
        TEST(unended),
        TEST(what_waits_comes_last),
        TEST(what_builtin_does),
        TEST(tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
