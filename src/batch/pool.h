/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tasks of one batch job being run: threads that take entries and invoke the handler, and the
 * caller's thread, which records how tasks ended.
 *
 *     entries file ─┐
 *                   ├─► threads ──► results ──► the caller: groups of one transaction
 *     waiting ──────┘      │
 *        ▲  TemporaryFailure, to be tried again later
 *        └─────────────────┘
 *
 * Everything between them is bounded: so many tasks wait, so many results are not recorded yet;
 * threads wait for room. Entries that have a result from before are passed over.
 */
#ifndef BATCH_POOL_H
#define BATCH_POOL_H

#include "base/cancel.h"
#include "batch/batch.h"

enum pool_end {
    POOL_DONE,      /* every entry has its result */
    POOL_LEFT,      /* somebody wanted it to stop (`leave`, `cancel`) */
    POOL_THRESHOLD, /* too many tasks have failed */
};

enum { POOL_THRESHOLD_TASKS = 1000 }; /* so many must have run before more than half may not fail */

/**
 * Runs the tasks of a batch job that have no result yet.
 *
 * @param leave   no more tasks are begun, those under way end as they would
 * @param cancel  those under way end at once, without a result
 * @retval -1  the database; ERROR_INPUT: the file of entries. What was recorded is recorded.
 */
int pool_run(const struct batches_options *options, const struct batch_record *record,
             const char *folder, struct cancel *leave, struct cancel *cancel, enum pool_end *ret,
             struct error *err) MUST_CHECK;

#endif
