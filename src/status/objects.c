/* SPDX-License-Identifier: Apache-2.0 */
#include "status/objects.h"

#include "status/life.h"

static int add_delivery(struct transaction *t, const char *id, int attempt, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "INSERT INTO deliveries (job, attempt, started_us)"
                               " SELECT id, attempt, started_us FROM jobs"
                               " WHERE id = ? AND attempt = ? ON CONFLICT DO NOTHING");
    bind_text(s, id);
    bind_int(s, attempt);
    return statement_run(s, err) < 0 ? -1 : 0;
}

/* Whether one of them is on a record whose objects are being removed. */
static int is_being_removed(struct transaction *t, const char *uris, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT 1 FROM removing CROSS JOIN objects o USING (delivery)"
                               " WHERE o.uri IN (SELECT value FROM json_each(?)) LIMIT 1");
    bind_text(s, uris);
    return statement_row(s, err);
}

int status_job_objects(struct status *status, const char *id, int attempt, const char *uris,
                       struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 || life_of_attempt(&t, id, attempt, &life, err) < 0)
        return -1;
    int r = is_being_removed(&t, uris, err);
    if (r != 0)
        return r;
    if (add_delivery(&t, id, attempt, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "INSERT INTO objects (delivery, uri) SELECT d.number, u.value"
                              " FROM deliveries d, json_each(?) u WHERE d.job = ? AND d.attempt = ?"
                              " ON CONFLICT DO NOTHING");
    bind_text(s, uris);
    bind_text(s, id);
    bind_int(s, attempt);
    if (statement_run(s, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

/* --- what is to be removed --- */

/* A record that fits, and of which nobody else who runs has named an object. */
#define SELECT_RECORD(fits)                                                                        \
    "SELECT number, job, attempt, started_us,"                                                     \
    " (SELECT json_group_array(uri) FROM objects WHERE delivery = d.number)"                       \
    " FROM deliveries d WHERE " fits                                                               \
    " AND NOT EXISTS (SELECT 1 FROM objects mine JOIN objects theirs USING (uri)"                  \
    "  WHERE mine.delivery = d.number AND theirs.delivery <> d.number"                             \
    "  AND theirs.delivery IN running_deliveries)"                                                 \
    " ORDER BY number LIMIT 1"

static int mark(struct transaction *t, int64_t delivery, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(t->database, "INSERT OR IGNORE INTO removing VALUES (?)");
    bind_int(s, delivery);
    return statement_run(s, err) < 0 ? -1 : 0;
}

/* The record that the statement finds: from now on nobody can name its objects. */
static int take_record(struct transaction *t, struct statement *s, struct arena *arena,
                       struct stray_objects **ret, struct error *err)
{
    int r = statement_row(s, err);
    if (r < 0)
        return -1;
    struct stray_objects *stray = NULL;
    if (r > 0) {
        stray = ARENA_NEW(arena, struct stray_objects);
        stray->number = column_int64(s);
        stray->id = column_text(s, arena);
        stray->attempt = column_int(s);
        stray->since_us = column_int64(s);
        stray->uris = column_text(s, arena);
        if (mark(t, stray->number, err) < 0)
            return -1;
    }
    if (transaction_commit(t, err) < 0)
        return -1;
    *ret = stray;
    return 0;
}

int status_stray_objects(struct status *status, int64_t after, struct arena *arena,
                         struct stray_objects **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, SELECT_RECORD("number > ? AND number NOT IN running_deliveries"));
    bind_int(s, after);
    return take_record(&t, s, arena, ret, err);
}

int status_lost_objects(struct status *status, const char *id, int attempt, struct arena *arena,
                        struct stray_objects **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 || life_of_attempt(&t, id, attempt, &life, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, SELECT_RECORD("job = ? AND attempt = ?"));
    bind_text(s, id);
    bind_int(s, attempt);
    return take_record(&t, s, arena, ret, err);
}

static int unmark(struct transaction *t, const char *id, int attempt, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "DELETE FROM removing WHERE delivery IN (SELECT number FROM"
                               " deliveries WHERE job = ? AND attempt = ?)");
    bind_text(s, id);
    bind_int(s, attempt);
    return statement_run(s, err) < 0 ? -1 : 0;
}

static int forget_delivery(struct transaction *t, const char *id, int attempt, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "DELETE FROM deliveries WHERE job = ? AND attempt = ?");
    bind_text(s, id);
    bind_int(s, attempt);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int status_job_objects_gone(struct status *status, const char *id, int attempt, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || unmark(&t, id, attempt, err) < 0 ||
        forget_delivery(&t, id, attempt, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_job_objects_stay(struct status *status, const char *id, int attempt, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || unmark(&t, id, attempt, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int objects_made(struct transaction *t, const char *id, int attempt, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "DELETE FROM objects WHERE uri IN (SELECT uri FROM objects"
                               " JOIN deliveries ON number = delivery"
                               " WHERE job = ? AND attempt = ?)");
    bind_text(s, id);
    bind_int(s, attempt);
    if (statement_run(s, err) < 0)
        return -1;
    return forget_delivery(t, id, attempt, err);
}
