/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory configurations of buckets: what is asked for, when the next report is due, and how the
 * last one went. */
#ifndef STATUS_INVENTORIES_H
#define STATUS_INVENTORIES_H

#include "status/status.h"

enum { INVENTORIES_MAX = 1000 }; /* of one bucket */

/* Strings are "" where it does not say. */
struct inventory_record {
    const char *bucket, *id;
    const char *filter;      /* what keys begin with */
    const char *destination; /* "arn:aws:s3:::BUCKET" */
    const char *prefix;      /* of the report's keys */
    const char *owner;       /* of the destination: an account */
    const char *encryption;  /* "AES256", "aws:kms" */
    const char *kms_key;
    const char *fields; /* "Size,ETag" */
    bool enabled;
    int period_days;

    /* Set by the calls below. */
    int64_t changed_us;
    int64_t due_us;       /* of the next report; 0: there will be none */
    int64_t written_us;   /* when the last one was, or was given up; 0: never */
    const char *manifest; /* of the last one that was written: its s3:// name */
    const char *why;      /* the last one was not written */
};

/* In place of the one of that bucket and id, if there is one. Its report is due now.
 * @retval -1  ERROR_CONFLICT: the bucket has INVENTORIES_MAX others */
int status_inventory_put(struct status *status, const struct inventory_record *record,
                         struct error *err) MUST_CHECK;

int status_inventory_get(struct status *status, const char *bucket, const char *id,
                         struct arena *arena, struct inventory_record **ret,
                         struct error *err) MUST_CHECK;
int status_inventory_delete(struct status *status, const char *bucket, const char *id,
                            struct error *err) MUST_CHECK;

/* Those of a bucket, by id. */
int status_inventory_list(struct status *status, const char *bucket, const struct page *page,
                          struct arena *arena, struct inventory_record ***ret, int *ret_count,
                          const char **ret_next, struct error *err) MUST_CHECK;

/* The one whose report is due next; NULL: none will be. */
int status_inventory_next(struct status *status, struct arena *arena, struct inventory_record **ret,
                          struct error *err) MUST_CHECK;

/* How its report went: its manifest, or why there is none. The next one is due a period later.
 * Nothing happens if it was changed meanwhile. */
int status_inventory_done(struct status *status, const struct inventory_record *record,
                          const char *manifest, const char *why, struct error *err) MUST_CHECK;

#endif
