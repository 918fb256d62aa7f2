/* SPDX-License-Identifier: Apache-2.0 */
#include "status/record.h"

struct job_record *record_read(struct statement *s, struct arena *arena, int64_t *ret_number)
{
    struct job_record *record = ARENA_NEW(arena, struct job_record);
    *ret_number = column_int64(s);
    record->id = column_text(s, arena);
    record->queue = column_text(s, arena);
    record->priority = column_int(s);
    record->status = (enum job_status)column_int(s);
    record->attempt = column_int(s);
    record->phase = (enum job_phase)column_int(s);
    record->percent = column_int(s);
    record->created_us = column_int64(s);
    record->started_us = column_int64(s);
    record->finished_us = column_int64(s);
    record->error_code = column_int(s);
    record->error_message = column_text(s, arena);
    record->cancel_requested = column_bool(s);
    record->settings = column_text(s, arena);
    record->rest = column_text(s, arena);
    record->output_groups = column_text(s, arena);
    return record;
}

static int read_messages(struct transaction *t, struct job_record *record, int64_t number,
                         struct arena *arena, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "WITH m AS (SELECT * FROM messages WHERE job = ? ORDER BY number),"
                     " c AS (SELECT code, count(*) AS n FROM m WHERE code > 0 GROUP BY code)"
                     " SELECT (SELECT json_group_array(message) FROM m WHERE code = 0),"
                     " (SELECT json_group_array(message) FROM m WHERE code <> 0),"
                     " (SELECT json_group_array(json_object('code', code, 'count', n)) FROM c)");
    bind_int(s, number);
    if (statement_row(s, err) < 0)
        return -1;
    record->infos = column_text(s, arena);
    record->warnings = column_text(s, arena);
    record->warning_counts = column_text(s, arena);
    return 0;
}

/* A job hops at most once to each of its hopDestinations, of which it has a handful. */
static int read_transitions(struct transaction *t, struct job_record *record, int64_t number,
                            struct arena *arena, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "SELECT count(*) OVER (), from_queue, to_queue, at_us FROM queue_transitions"
                     " WHERE job = ? ORDER BY number");
    bind_int(s, number);
    int r;
    while ((r = statement_row(s, err)) > 0) {
        int count = column_int(s);
        if (!record->transitions)
            record->transitions = ARENA_ARRAY(arena, struct queue_transition, count);
        struct queue_transition *transition = &record->transitions[record->transitions_count++];
        transition->from = column_text(s, arena);
        transition->to = column_text(s, arena);
        transition->at_us = column_int64(s);
    }
    return r;
}

int record_complete(struct transaction *t, struct job_record *record, int64_t number,
                    struct arena *arena, struct error *err)
{
    if (read_messages(t, record, number, arena, err) < 0)
        return -1;
    return read_transitions(t, record, number, arena, err);
}

int record_get(struct transaction *t, int64_t number, struct arena *arena, struct job_record **ret,
               struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(t->database, "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES
                                                 " WHERE j.number = ?");
    bind_int(s, number);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no such job") < 0)
        return -1;
    struct job_record *record = record_read(s, arena, &number);
    if (record_complete(t, record, number, arena, err) < 0)
        return -1;
    *ret = record;
    return 0;
}
