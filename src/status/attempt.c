/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as those see them who run them: followed, ended, queued again. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "status/jobs.h"
#include "status/life.h"
#include "status/objects.h"
#include "status/outbox.h"

static void free_json(cJSON **json)
{
    cJSON_Delete(*json);
}

/* Messages may quote what stands in a media file: what is no UTF-8 becomes "?". */
static const char *clean(struct arena *arena, const char *s)
{
    char *out = arena_strdup(arena, s);
    for (size_t i = 0, left = strlen(out), step; left > 0; i += step, left -= step) {
        step = (size_t)json_utf8_length(out + i, left);
        if (!step) {
            out[i] = '?';
            step = 1;
        }
    }
    return out;
}

/* --- while it runs --- */

int status_job_progress(struct status *status, const char *id, int attempt,
                        const struct job_progress *progress, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    struct job_life life;
    if (life_of_attempt(&t, id, attempt, &life, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "UPDATE running SET phase = ?, percent = ?, frames = ? WHERE job = ?");
    bind_int(s, progress->phase);
    bind_int(s, progress->percent);
    bind_int(s, progress->frames);
    bind_int(s, life.number);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int status_job_input(struct status *status, const char *id, int attempt, const char *details,
                     struct error *err)
{
    CLEANUP(free_json) cJSON *more = cJSON_CreateObject();
    cJSON *array = cJSON_Parse(details);
    if (!array)
        return error_set(err, ERROR_BAD_REQUEST, "the inputDetails of job '%s' are no JSON", id);
    cJSON_AddItemToObject(more, "inputDetails", array);

    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 ||
        life_of_attempt(&t, id, attempt, &life, err) < 0 ||
        outbox_add(&t, life.number, "INPUT_INFORMATION", more, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_job_message(struct status *status, const char *id, int attempt, int code,
                       const char *message, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 ||
        life_of_attempt(&t, id, attempt, &life, err) < 0 ||
        outbox_message(&t, life.number, attempt, code, clean(arena, message), err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

/* --- the end --- */

static int end_complete(struct transaction *t, const struct job_life *life, const char *id,
                        const struct job_end *end, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *groups =
        statement(t->database, "UPDATE job_texts SET output_groups = ? WHERE job = ?");
    bind_text(groups, end->output_groups ? end->output_groups : "");
    bind_int(groups, life->number);
    CLEANUP(statement_done)
    struct statement *percent =
        statement(t->database, "UPDATE jobs SET percent = 100 WHERE number = ?");
    bind_int(percent, life->number);
    if (statement_run(groups, err) < 0 || statement_run(percent, err) < 0)
        return -1;
    return objects_made(t, id, life->attempt, err);
}

static int end_error(struct transaction *t, const struct job_life *life, int code,
                     const char *message, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "UPDATE jobs SET error_code = ?, error_message = ? WHERE number = ?");
    bind_int(s, code);
    bind_text(s, message);
    bind_int(s, life->number);
    return statement_run(s, err) < 0 ? -1 : 0;
}

static int warning_counts(struct transaction *t, int64_t job, struct arena *arena, const char **ret,
                          struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "SELECT json_group_array(json_object('code', code, 'count', n)) FROM (SELECT"
                     " code, count(*) AS n FROM messages WHERE job = ? AND code > 0 GROUP BY code)"
                     " HAVING count(*) > 0");
    bind_int(s, job);
    int r = statement_row(s, err);
    if (r < 0)
        return -1;
    *ret = r > 0 ? column_text(s, arena) : NULL;
    return 0;
}

/* What the event says besides that it is the end. */
static int end_details(struct transaction *t, const struct job_life *life,
                       const struct job_end *end, const char *message, cJSON **ret,
                       struct error *err)
{
    if (end->status == JOB_ERROR) {
        *ret = cJSON_CreateObject();
        cJSON_AddNumberToObject(*ret, "errorCode", end->error_code);
        cJSON_AddStringToObject(*ret, "errorMessage", message);
    }
    if (end->status != JOB_COMPLETE)
        return 0;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(free_json) cJSON *more = cJSON_Parse(end->event ? end->event : "{}");
    if (!cJSON_IsObject(more))
        return error_set(err, ERROR_BAD_REQUEST, "the details of its end are no JSON object");
    const char *warnings;
    if (warning_counts(t, life->number, arena, &warnings, err) < 0)
        return -1;
    if (warnings && !cJSON_HasObjectItem(more, "warnings"))
        cJSON_AddRawToObject(more, "warnings", warnings);
    *ret = TAKE(more);
    return 0;
}

int status_job_end(struct status *status, const char *id, int attempt, const struct job_end *end,
                   struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *message = clean(arena, end->error_message ? end->error_message : "");
    CLEANUP(free_json) cJSON *more = NULL;
    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 ||
        life_of_attempt(&t, id, attempt, &life, err) < 0 ||
        end_details(&t, &life, end, message, &more, err) < 0 ||
        life_change(&t, &life, end->status, err) < 0)
        return -1;
    if (!job_status_is_final(end->status))
        return error_set(err, ERROR_CONFLICT, "%s is no end", job_status_names[end->status]);
    if (end->status == JOB_COMPLETE && end_complete(&t, &life, id, end, err) < 0)
        return -1;
    if (end->status == JOB_ERROR && end_error(&t, &life, end->error_code, message, err) < 0)
        return -1;
    if (outbox_add(&t, life.number, job_status_names[end->status], more, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_job_requeue(struct status *status, const char *id, int attempt, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 ||
        life_of_attempt(&t, id, attempt, &life, err) < 0 || life_requeue(&t, &life, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}
