/* SPDX-License-Identifier: Apache-2.0 */
#include "status/invocations.h"

#include <inttypes.h>
#include <string.h>

#include "status/store.h"

#define COLUMNS "number, function, payload, client_context, errors, throttles, created_us, trace_id"

/* How many there are, and how many bytes they have; from an index, whatever their payloads. */
static int count_all(struct transaction *t, int64_t *ret, int64_t *ret_bytes, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT count(*), coalesce(sum(bytes), 0) FROM invocations");
    if (statement_row(s, err) < 0)
        return -1;
    *ret = column_int64(s);
    *ret_bytes = column_int64(s);
    return 0;
}

int status_invocation_add(struct status *status, const struct invocation_record *invocation,
                          struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    int64_t count, bytes, own = (int64_t)strlen(invocation->payload);
    if (transaction_begin(&t, status, err) < 0 || count_all(&t, &count, &bytes, err) < 0)
        return -1;
    if (count >= INVOCATIONS_MAX)
        return error_set(err, ERROR_THROTTLED, "%d events wait already", INVOCATIONS_MAX);
    if (bytes + own > INVOCATIONS_BYTES_MAX)
        return error_set(err, ERROR_THROTTLED, "events of %" PRId64 " MiB wait already",
                         bytes >> 20);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "INSERT INTO invocations (function, payload, client_context, created_us,"
                    " due_us, trace_id, bytes) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)");
    bind_text(s, invocation->function);
    bind_text(s, invocation->payload);
    bind_text(s, invocation->client_context);
    bind_int(s, t.now_us);
    bind_text(s, invocation->trace_id);
    bind_int(s, own);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

int status_invocations_recover(struct status *status, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "UPDATE invocations SET taken = 0 WHERE taken = 1");
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

static struct invocation_record *read_invocation(struct statement *s, struct arena *arena)
{
    struct invocation_record *invocation = ARENA_NEW(arena, struct invocation_record);
    invocation->number = column_int64(s);
    invocation->function = column_text(s, arena);
    invocation->payload = column_text(s, arena);
    invocation->client_context = column_text(s, arena);
    invocation->errors = column_int(s);
    invocation->throttles = column_int(s);
    invocation->created_us = column_int64(s);
    invocation->trace_id = column_text(s, arena);
    return invocation;
}

/* The next one, due or not; *ret NULL: there is none. */
static int next(struct transaction *t, struct arena *arena, struct invocation_record **ret,
                int64_t *ret_due_us, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT due_us, " COLUMNS " FROM invocations WHERE taken = 0"
                               " ORDER BY due_us, number LIMIT 1");
    int r = statement_row(s, err);
    *ret = NULL;
    *ret_due_us = 0;
    if (r <= 0)
        return r;
    *ret_due_us = column_int64(s);
    if (*ret_due_us <= t->now_us)
        *ret = read_invocation(s, arena);
    return 0;
}

/* Without a transaction, for that nothing is due is the usual case. */
static int is_due(struct status *status, int64_t *ret_due_us, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT min(due_us) FROM invocations WHERE taken = 0");
    if (statement_row(s, err) < 0)
        return -1;
    *ret_due_us = column_int64(s);
    return *ret_due_us && *ret_due_us <= t.now_us;
}

int status_invocation_take(struct status *status, struct arena *arena,
                           struct invocation_record **ret, int64_t *ret_due_us, struct error *err)
{
    int due = is_due(status, ret_due_us, err);
    *ret = NULL;
    if (due <= 0)
        return due;
    CLEANUP(transaction_end) struct transaction t = {0};
    struct invocation_record *invocation;
    if (transaction_begin(&t, status, err) < 0 || next(&t, arena, &invocation, ret_due_us, err) < 0)
        return -1;
    if (!invocation)
        return 0;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "UPDATE invocations SET taken = 1 WHERE number = ?");
    bind_int(s, invocation->number);
    if (statement_run(s, err) < 0 || transaction_commit(&t, err) < 0)
        return -1;
    *ret = invocation;
    return 0;
}

int status_invocation_forget(struct status *status, int64_t number, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "DELETE FROM invocations WHERE number = ?");
    bind_int(s, number);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

int status_invocation_again(struct status *status, const struct invocation_record *invocation,
                            int64_t due_us, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "UPDATE invocations SET taken = 0, due_us = ?, errors = ?,"
                              " throttles = ? WHERE number = ?");
    bind_int(s, due_us);
    bind_int(s, invocation->errors);
    bind_int(s, invocation->throttles);
    bind_int(s, invocation->number);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}
