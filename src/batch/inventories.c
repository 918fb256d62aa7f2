/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/inventories.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "batch/inventory.h"

enum { LOOK_S = 60, PAUSE_S = 5 };

struct inventories {
    struct status *status;
    struct storage *storage;
    const struct log *log;
    struct cancel stop;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t woken;
    /* ---- guarded by lock ---- */
    bool wake;
};

static void log_failure(const struct inventories *inventories,
                        const struct inventory_record *record, const struct error *err)
{
    char why[1024];
    log_line(inventories->log, LOG_LEVEL_ERROR, "inventory-fails", "bucket",
             record ? record->bucket : NULL, "id", record ? record->id : NULL, "why",
             error_text(err, why, sizeof(why)), NULL);
}

static int write_report(struct inventories *inventories, const struct inventory_record *record,
                        struct arena *arena, struct inventory_report *ret, struct error *err)
{
    const char *bucket = strstr(record->destination, ":::");
    struct inventory_request request = {
        .bucket = record->bucket,
        .prefix = record->filter,
        .to_bucket = bucket ? bucket + strlen(":::") : "",
        .to_prefix = record->prefix,
        .id = record->id,
        .encryption = *record->encryption ? record->encryption : NULL,
        .kms_key = *record->kms_key ? record->kms_key : NULL,
        .at_us = clock_wall_us(),
    };
    if (inventory_read_fields(record->fields, &request.fields, err) < 0)
        return -1;
    return inventory_write(inventories->storage, &request, &inventories->stop, arena, ret, err);
}

/* -1: the database fails. */
static int do_one(struct inventories *inventories, const struct inventory_record *record,
                  struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct inventory_report report;
    struct error failed;
    char why[1024];
    if (write_report(inventories, record, arena, &report, &failed) < 0) {
        if (cancel_requested(&inventories->stop))
            return 0;
        log_failure(inventories, record, &failed);
        return status_inventory_done(inventories->status, record, NULL,
                                     error_text(&failed, why, sizeof(why)), err);
    }
    log_line(inventories->log, LOG_LEVEL_INFO, "inventory", "bucket", record->bucket, "id",
             record->id, "manifest", report.manifest, "empty", *report.empty ? report.empty : NULL,
             NULL);
    return status_inventory_done(inventories->status, record, report.manifest, NULL, err);
}

/* Writes the report that is due; otherwise says in how many seconds to look again. */
static int look(struct inventories *inventories, int *ret_wait_s, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct inventory_record *record;
    *ret_wait_s = LOOK_S;
    if (status_inventory_next(inventories->status, arena, &record, err) < 0)
        return -1;
    if (!record)
        return 0;
    int64_t left_us = record->due_us - clock_true_us();
    if (left_us > 0) {
        *ret_wait_s = left_us < LOOK_S * INT64_C(1000000) ? (int)(left_us / 1000000) + 1 : LOOK_S;
        return 0;
    }
    *ret_wait_s = 0;
    return do_one(inventories, record, err);
}

static void wait_for(struct inventories *inventories, int seconds)
{
    int64_t until_us = clock_monotonic_us() + seconds * INT64_C(1000000);
    pthread_mutex_lock(&inventories->lock);
    while (!inventories->wake && seconds &&
           condition_wait(&inventories->woken, &inventories->lock, until_us))
        continue;
    inventories->wake = false;
    pthread_mutex_unlock(&inventories->lock);
}

static void *run(void *arg)
{
    struct inventories *inventories = arg;
    while (!cancel_requested(&inventories->stop)) {
        struct error err = {0};
        int wait_s;
        if (look(inventories, &wait_s, &err) < 0) {
            log_failure(inventories, NULL, &err);
            wait_s = PAUSE_S;
        }
        wait_for(inventories, wait_s);
    }
    return NULL;
}

int inventories_start(struct inventories **ret, struct status *status, struct storage *storage,
                      const struct log *log, struct error *err)
{
    struct inventories *inventories = calloc(1, sizeof(*inventories));
    if (!inventories)
        return error_set(err, ERROR_BUG, "out of memory");
    inventories->status = status;
    inventories->storage = storage;
    inventories->log = log;
    pthread_mutex_init(&inventories->lock, NULL);
    condition_init(&inventories->woken);
    int r = pthread_create(&inventories->thread, NULL, run, inventories);
    if (r) {
        pthread_cond_destroy(&inventories->woken);
        pthread_mutex_destroy(&inventories->lock);
        free(inventories);
        return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r));
    }
    *ret = inventories;
    return 0;
}

void inventories_wake(struct inventories *inventories)
{
    pthread_mutex_lock(&inventories->lock);
    inventories->wake = true;
    pthread_cond_signal(&inventories->woken);
    pthread_mutex_unlock(&inventories->lock);
}

void inventories_free(struct inventories **inventories)
{
    if (!*inventories)
        return;
    cancel_request(&(*inventories)->stop);
    inventories_wake(*inventories);
    pthread_join((*inventories)->thread, NULL);
    pthread_cond_destroy(&(*inventories)->woken);
    pthread_mutex_destroy(&(*inventories)->lock);
    free(*inventories);
    *inventories = NULL;
}
