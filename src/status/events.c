/* SPDX-License-Identifier: Apache-2.0 */
#include "status/events.h"

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/condition.h"
#include "status/outbox.h"

/* --- targets --- */

int status_target_add(struct status *status, const char *target, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "INSERT OR IGNORE INTO targets (name, place) VALUES (?, ?)");
    bind_text(s, target);
    bind_int(s, status->newest_event);
    CLEANUP(statement_done)
    struct statement *named =
        statement(t.database, "INSERT OR IGNORE INTO named_targets (name) VALUES (?)");
    bind_text(named, target);
    if (statement_run(s, err) < 0 || statement_run(named, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_target_place(struct status *status, const char *target, int64_t *ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "SELECT place FROM targets WHERE name = ?");
    bind_text(s, target);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no target '%s'",
                      target) < 0)
        return -1;
    *ret = column_int64(s);
    return 0;
}

int status_target_got(struct status *status, const char *target, int64_t number, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "UPDATE targets SET place = max(place, ?) WHERE name = ?");
    bind_int(s, number);
    bind_text(s, target);
    if (rows_or_error(statement_run(s, err), err, ERROR_NOT_FOUND, "there is no target '%s'",
                      target) < 0)
        return -1;
    return transaction_commit(&t, err);
}

/* --- what they get --- */

int status_events_after(struct status *status, int64_t number, int max, struct arena *arena,
                        struct event **ret, int *ret_count, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "SELECT number, json FROM events WHERE number > ? ORDER BY number LIMIT ?");
    bind_int(s, number);
    bind_int(s, max);
    struct event *events = ARENA_ARRAY(arena, struct event, max);
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0) {
        events[count].number = column_int64(s);
        events[count].json = column_text(s, arena);
        count++;
    }
    if (r < 0)
        return -1;
    *ret = events;
    *ret_count = count;
    return 0;
}

int64_t status_newest_event(struct status *status)
{
    pthread_mutex_lock(&status->lock);
    int64_t newest = status->newest_event;
    pthread_mutex_unlock(&status->lock);
    return newest;
}

void status_wait_for_event(struct status *status, int64_t number, int64_t timeout_us)
{
    int64_t end_us = clock_monotonic_us() + timeout_us;
    pthread_mutex_lock(&status->lock);
    while (status->newest_event <= number &&
           condition_wait(&status->new_event, &status->lock, end_us))
        continue;
    pthread_mutex_unlock(&status->lock);
}

/* --- STATUS_UPDATE --- */

struct update {
    int64_t job;
    enum job_phase phase;
    int percent, attempt;
    int64_t frames;
};

static cJSON *phase_json(enum job_phase phase, const struct update *update)
{
    const char *word = phase < update->phase    ? "COMPLETE"
                       : phase == update->phase ? "PROGRESSING"
                                                : "PENDING";
    int percent = phase < update->phase ? 100 : 0;
    if (phase == update->phase && phase == PHASE_TRANSCODING)
        percent = update->percent; // the others are too short to be measured
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "status", word);
    cJSON_AddNumberToObject(json, "percentComplete", percent);
    return json;
}

static int send_update(struct transaction *t, const struct update *update, struct error *err)
{
    cJSON *more = cJSON_CreateObject();
    cJSON_AddNumberToObject(more, "framesDecoded", (double)update->frames);
    cJSON *progress = cJSON_AddObjectToObject(more, "jobProgress");
    cJSON *phases = cJSON_AddObjectToObject(progress, "phaseProgress");
    for (int phase = PHASE_PROBING; phase <= PHASE_UPLOADING; phase++)
        cJSON_AddItemToObject(phases, job_phase_names[phase],
                              phase_json((enum job_phase)phase, update));
    cJSON_AddNumberToObject(progress, "jobPercentComplete", update->percent);
    cJSON_AddStringToObject(progress, "currentPhase", job_phase_names[update->phase]);
    cJSON_AddNumberToObject(progress, "retryCount", update->attempt - 1);
    int r = outbox_add(t, update->job, "STATUS_UPDATE", more, err);
    cJSON_Delete(more);
    return r;
}

/* The next job whose update is due; its next one is due at a later multiple of its interval. */
static int next_update(struct transaction *t, struct update *ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT r.job, r.phase, r.percent, j.attempt, r.frames"
                               " FROM running r JOIN jobs j ON j.number = r.job"
                               " WHERE r.update_us <= ? LIMIT 1");
    bind_int(s, t->now_us);
    int r = statement_row(s, err);
    if (r <= 0)
        return r;
    ret->job = column_int64(s);
    ret->phase = (enum job_phase)column_int(s);
    ret->percent = column_int(s);
    ret->attempt = column_int(s);
    ret->frames = column_int64(s);
    CLEANUP(statement_done)
    struct statement *later =
        statement(t->database,
                  "UPDATE running SET update_us = update_us + (1 + (?1 - update_us) / interval_us)"
                  " * interval_us WHERE job = ?2");
    bind_int(later, t->now_us);
    bind_int(later, ret->job);
    return statement_run(later, err);
}

int status_send_updates(struct status *status, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    struct update update;
    int r;
    while ((r = next_update(&t, &update, err)) > 0)
        if (send_update(&t, &update, err) < 0)
            return -1;
    return r < 0 ? r : transaction_commit(&t, err);
}
