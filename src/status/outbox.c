/* SPDX-License-Identifier: Apache-2.0 */
#include "status/outbox.h"

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/random.h"

static const int64_t day_us = 86400 * INT64_C(1000000);

static void free_json(cJSON **json)
{
    cJSON_Delete(*json);
}

static void free_printed(char **text)
{
    cJSON_free(*text);
}

/* What events tell about a job, whatever has happened to it. */
struct subject {
    const char *id, *queue;
    const char *metadata; /* JSON object */
};

static int subject_read(struct transaction *t, int64_t job, struct arena *arena,
                        struct subject *ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT j.id, j.queue, coalesce(t.rest -> '$.userMetadata', '{}')"
                               " FROM jobs j JOIN job_texts t ON t.job = j.number"
                               " WHERE j.number = ?");
    bind_int(s, job);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no such job") < 0)
        return -1;
    ret->id = column_text(s, arena);
    ret->queue = column_text(s, arena);
    ret->metadata = column_text(s, arena);
    return 0;
}

static cJSON *detail_of(const struct transaction *t, const struct subject *job, const char *event,
                        const cJSON *more, struct arena *arena)
{
    cJSON *detail = cJSON_CreateObject();
    cJSON_AddNumberToObject(detail, "timestamp", (double)(t->now_us / 1000));
    cJSON_AddStringToObject(detail, "accountId", t->status->owner.account);
    cJSON_AddStringToObject(detail, "queue", status_arn(t->status, arena, "queues", job->queue));
    cJSON_AddStringToObject(detail, "jobId", job->id);
    cJSON_AddStringToObject(detail, "status", event);
    cJSON_AddRawToObject(detail, "userMetadata", job->metadata);
    for (const cJSON *member = more ? more->child : NULL; member; member = member->next)
        cJSON_AddItemToObject(detail, member->string, cJSON_Duplicate(member, true));
    return detail;
}

static cJSON *envelope(const struct transaction *t, const char *arn)
{
    char id[RANDOM_UUID_SIZE], time[64];
    clock_format(t->now_us, "%Y-%m-%dT%H:%M:%SZ", time);
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "version", "0");
    cJSON_AddStringToObject(event, "id", random_uuid(id));
    cJSON_AddStringToObject(event, "detail-type", "MediaConvert Job State Change");
    cJSON_AddStringToObject(event, "source", "aws.mediaconvert");
    cJSON_AddStringToObject(event, "account", t->status->owner.account);
    cJSON_AddStringToObject(event, "time", time);
    cJSON_AddStringToObject(event, "region", t->status->owner.region);
    cJSON_AddItemToObject(event, "resources", cJSON_CreateStringArray(&arn, 1));
    return event;
}

int outbox_add(struct transaction *t, int64_t job, const char *event, const cJSON *more,
               struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct subject subject;
    if (subject_read(t, job, arena, &subject, err) < 0)
        return -1;
    CLEANUP(free_json) cJSON *json = envelope(t, status_arn(t->status, arena, "jobs", subject.id));
    cJSON_AddItemToObject(json, "detail", detail_of(t, &subject, event, more, arena));
    CLEANUP(free_printed) char *text = cJSON_PrintUnformatted(json);
    if (!text)
        abort(); // out of memory

    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "INSERT INTO events (at_us, json) VALUES (?, ?) RETURNING number");
    bind_int(s, t->now_us);
    bind_text(s, text);
    if (statement_row(s, err) < 0)
        return -1;
    t->newest_event = column_int64(s);
    return 0;
}

int outbox_message(struct transaction *t, int64_t job, int attempt, int code, const char *message,
                   struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "INSERT INTO messages (job, attempt, code, message) VALUES (?, ?, ?, ?)");
    bind_int(s, job);
    bind_int(s, attempt);
    bind_int(s, code);
    bind_text(s, message);
    if (statement_run(s, err) < 0)
        return -1;
    if (code <= 0)
        return 0;
    CLEANUP(free_json) cJSON *more = cJSON_CreateObject();
    cJSON_AddNumberToObject(more, "warningCode", code);
    cJSON_AddStringToObject(more, "warningMessage", message);
    return outbox_add(t, job, "NEW_WARNING", more, err);
}

int outbox_forget(struct transaction *t, int64_t older_than_us, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database,
        "DELETE FROM events WHERE at_us < ? OR (at_us < ? AND number <="
        " coalesce((SELECT min(place) FROM targets JOIN named_targets USING (name)), number))");
    bind_int(s, t->now_us - older_than_us);
    bind_int(s, t->now_us - day_us);
    return statement_run(s, err);
}
