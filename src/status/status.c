/* SPDX-License-Identifier: Apache-2.0 */
#include "status/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/condition.h"
#include "status/schema.h"
#include "status/store.h"

/* FOLDER/lock, with our PID in it for the one who comes second. It is a file of its own, as closing
 * the database's would drop SQLite's locks. */
static int lock_folder(struct status *status, const char *folder, struct error *err)
{
    char *path = arena_printf(status->arena, "%s/lock", folder);
    status->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (status->lock_file < 0)
        return error_set(err, ERROR_BUG, "cannot open '%s': %s", path, strerror(errno));
    char pid[32] = "";
    if (flock(status->lock_file, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return error_set(err, ERROR_BUG, "cannot lock '%s': %s", path, strerror(errno));
        ssize_t size = pread(status->lock_file, pid, sizeof(pid) - 1, 0);
        pid[size > 0 ? strspn(pid, "0123456789") : 0] = '\0';
        return error_set(err, ERROR_CONFLICT, "'%s' is in use by another process%s%s", folder,
                         *pid ? ", PID " : "", pid);
    }
    int size = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(status->lock_file, 0) < 0 || pwrite(status->lock_file, pid, (size_t)size, 0) < 0)
        return error_set(err, ERROR_BUG, "cannot write '%s': %s", path, strerror(errno));
    return 0;
}

/* Progress lives as long as the process: losing it with the process loses nothing, as the job is
 * started again, and no disk waits for it. */
static const char running_table[] = "CREATE TEMP TABLE running ("
                                    "    job         INTEGER PRIMARY KEY,"
                                    "    phase       INTEGER NOT NULL,"
                                    "    percent     INTEGER NOT NULL,"
                                    "    frames      INTEGER NOT NULL,"
                                    "    update_us   INTEGER NOT NULL," // STATUS_UPDATE is due
                                    "    interval_us INTEGER NOT NULL"
                                    ");"
                                    "CREATE TEMP TABLE removing (delivery INTEGER PRIMARY KEY);"
                                    "CREATE TEMP TABLE named_targets (name TEXT PRIMARY KEY);";

static int prepare(struct status *status, struct error *err)
{
    if (schema_update(status->database, (const char *)status_schema, err) < 0)
        return -1;
    sqlite3 *connection = database_connection(status->database);
    if (sqlite3_exec(connection, running_table, NULL, NULL, NULL) != SQLITE_OK)
        return database_failed(status->database, err);

    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "INSERT OR IGNORE INTO queues (name, description, system, paused, reserved,"
                    " concurrent_jobs, rest, created_us, updated_us)"
                    " VALUES ('Default', '', 1, 0, 0, 0, '{}', ?1, ?1)");
    bind_int(s, t.now_us);
    if (statement_run(s, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *newest =
        statement(t.database, "SELECT max(seq) FROM sqlite_sequence WHERE name = 'events'");
    if (statement_row(newest, err) < 0)
        return -1;
    status->newest_event = column_int64(newest);
    return transaction_commit(&t, err);
}

/* The names of the database's files are on disk, too. */
static int sync_folder(const char *folder, struct error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 ? -1 : fsync(fd);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (r < 0)
        return error_set(err, ERROR_BUG, "cannot sync '%s': %s", folder, strerror(reason));
    return 0;
}

static struct status *status_new(const struct status_owner *owner)
{
    struct status *status = calloc(1, sizeof(*status));
    if (!status)
        abort();
    status->arena = arena_new();
    status->owner.region = arena_strdup(status->arena, owner->region);
    status->owner.account = arena_strdup(status->arena, owner->account);
    status->lock_file = -1;
    status->now_us = clock_true_us;
    pthread_mutex_init(&status->lock, NULL);
    condition_init(&status->new_event);
    return status;
}

int status_open(struct status **ret, const char *folder, const struct status_owner *owner,
                struct error *err)
{
    CLEANUP(status_close) struct status *status = status_new(owner);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return error_set(err, ERROR_BAD_REQUEST, "cannot make the folder '%s': %s", folder,
                         strerror(errno));
    if (lock_folder(status, folder, err) < 0)
        return -1;
    const char *path = arena_printf(status->arena, "%s/status.db", folder);
    if (database_open(&status->database, path, err) < 0 || prepare(status, err) < 0)
        return error_add(err, "cannot open '%s'", path);
    if (sync_folder(folder, err) < 0)
        return -1;
    *ret = TAKE(status);
    return 0;
}

void status_close(struct status **status)
{
    if (!*status)
        return;
    database_close(&(*status)->database);
    if ((*status)->lock_file >= 0)
        close((*status)->lock_file);
    pthread_cond_destroy(&(*status)->new_event);
    pthread_mutex_destroy(&(*status)->lock);
    arena_free(&(*status)->arena);
    free(*status);
    *status = NULL;
}

const struct status_owner *status_owner(const struct status *status)
{
    return &status->owner;
}

const char *status_arn(const struct status *status, struct arena *arena, const char *kind,
                       const char *name)
{
    return arena_printf(arena, "arn:aws:mediaconvert:%s:%s:%s/%s", status->owner.region,
                        status->owner.account, kind, name);
}

/* --- transactions --- */

struct transaction reading(struct status *status)
{
    pthread_mutex_lock(&status->lock);
    return (struct transaction){status, status->database, status->now_us()};
}

static int run(struct database *database, const char *sql, struct error *err)
{
    CLEANUP(statement_done) struct statement *s = statement(database, sql);
    return statement_row(s, err) < 0 ? -1 : 0;
}

int transaction_begin(struct transaction *t, struct status *status, struct error *err)
{
    *t = reading(status);
    if (run(t->database, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    t->open = true;
    return 0;
}

int transaction_commit(struct transaction *t, struct error *err)
{
    if (run(t->database, "COMMIT", err) < 0)
        return -1;
    t->open = false;
    if (t->newest_event > 0) {
        t->status->newest_event = t->newest_event;
        pthread_cond_broadcast(&t->status->new_event);
    }
    return 0;
}

void transaction_end(struct transaction *t)
{
    if (!t->status)
        return;
    struct error ignored; // a full disk has rolled it back already
    if (t->open && run(t->database, "ROLLBACK", &ignored) < 0)
        t->open = false;
    pthread_mutex_unlock(&t->status->lock);
    t->status = NULL;
}
