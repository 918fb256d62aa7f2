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

int status_job_objects(struct status *status, const char *id, int attempt, const char *uris,
                       struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 ||
        life_of_attempt(&t, id, attempt, &life, err) < 0 || add_delivery(&t, id, attempt, err) < 0)
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

int status_stray_objects(struct status *status, struct arena *arena, const char **ret_id,
                         int *ret_attempt, int64_t *ret_started_us, const char **ret_uris,
                         struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "SELECT job, attempt, started_us,"
                    " (SELECT json_group_array(uri) FROM objects WHERE delivery = d.number)"
                    " FROM deliveries d WHERE number NOT IN running_deliveries"
                    " AND NOT EXISTS (SELECT 1 FROM objects mine JOIN objects theirs USING (uri)"
                    "  WHERE mine.delivery = d.number AND theirs.delivery IN running_deliveries)"
                    " ORDER BY number LIMIT 1");
    int r = statement_row(s, err);
    if (r < 0)
        return -1;
    *ret_id = NULL;
    if (!r)
        return 0;
    *ret_id = column_text(s, arena);
    *ret_attempt = column_int(s);
    *ret_started_us = column_int64(s);
    *ret_uris = column_text(s, arena);
    return 0;
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
    if (transaction_begin(&t, status, err) < 0 || forget_delivery(&t, id, attempt, err) < 0)
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
