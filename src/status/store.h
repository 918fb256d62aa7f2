/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share: the inside of struct status, and transactions.
 *
 * Every call opens one transaction, which is the lock, too:
 *
 *     CLEANUP(transaction_end) struct transaction t = {0};
 *     if (transaction_begin(&t, status, err) < 0)
 *         return -1;
 *     …
 *     return transaction_commit(&t, err);
 *
 * Without the commit nothing has happened. Calls that only read take `= reading(status)` instead.
 */
#ifndef STATUS_STORE_H
#define STATUS_STORE_H

#include <pthread.h>

#include "status/jobs.h"
#include "status/statement.h"

struct status {
    /* Constant once it is open. */
    struct status_owner owner;
    struct arena *arena;
    int lock_file;           /* locked as long as the database is open */
    int64_t (*now_us)(void); /* clock_true_us(); tests have a clock of their own */

    pthread_mutex_t lock;
    pthread_cond_t new_event;
    // ---- guarded by lock ----
    struct database *database;
    int64_t newest_event;
};

struct transaction {
    struct status *status;
    struct database *database;
    int64_t now_us;
    bool open;            /* to be rolled back */
    int64_t newest_event; /* that it has added; 0: none */
};

int transaction_begin(struct transaction *t, struct status *status, struct error *err) MUST_CHECK;
int transaction_commit(struct transaction *t, struct error *err) MUST_CHECK;
void transaction_end(struct transaction *t);
struct transaction reading(struct status *status);

#endif
