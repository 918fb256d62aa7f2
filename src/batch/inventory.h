/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An S3 Inventory report: what is in a bucket, written into a bucket as S3 writes it.
 *
 *   [PREFIX/]SOURCE/ID/data/UUID.csv.gz                      the objects, a row each
 *   [PREFIX/]SOURCE/ID/hive/dt=YYYY-MM-DD-HH-MM/symlink.txt  these files, a line each
 *   [PREFIX/]SOURCE/ID/YYYY-MM-DDTHH-MMZ/manifest.json       these files, with size and MD5
 *   [PREFIX/]SOURCE/ID/YYYY-MM-DDTHH-MMZ/manifest.checksum   the manifest's MD5, put last
 *
 * A row has the bucket, the key, percent-encoded, and the fields that were asked for, in S3's
 * order, whatever order they were asked for in. What a list of objects does not tell is left empty,
 * and the report says of which fields: see inventory_fields[]. An ETag that the store does not know
 * is computed, for which the object is read.
 *
 * Only current versions are listed, in CSV. The bucket is walked once and everything goes out as
 * it comes, so memory is constant but for a line about each data file. The objects of a report
 * become visible together, as far as the store can (storage.h).
 */
#ifndef BATCH_INVENTORY_H
#define BATCH_INVENTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "s3/storage.h"

enum {
    INVENTORY_ID_MAX = 64,
    INVENTORY_ROWS_MAX = 1000 * 1000, /* of one data file */
};

struct inventory_field {
    const char *name; /* "Size" */
    bool known;       /* a list of objects tells it */
};

/* The optional fields, in the order of columns; a NULL name ends them. */
extern const struct inventory_field inventory_fields[];

#define INVENTORY_FIELDS_DEFAULT "Size,LastModifiedDate,StorageClass"

/* What is asked for. Strings are the caller's. */
struct inventory_request {
    const char *bucket, *prefix;       /* of what is listed; prefix may be "" */
    const char *to_bucket, *to_prefix; /* where the report goes; slashes behind it do not count */
    const char *id;
    const char *encryption, *kms_key; /* of the report, as in struct object_headers; may be NULL */
    unsigned fields;                  /* bit i: inventory_fields[i] */
    int64_t at_us;                    /* the time that the report has in its names; since 1970 */
    int64_t rows_max;                 /* of one data file; 0: INVENTORY_ROWS_MAX */
};

/* What was written. In the arena. */
struct inventory_report {
    const char *manifest, *checksum, *symlink; /* s3:// names */
    const char *etag;                          /* of the manifest, for CreateJob */
    const char *schema;                        /* "Bucket, Key, Size" */
    const char *empty;                         /* fields that were left empty: "ObjectOwner"; "" */
    const char *warning;                       /* of the store; NULL: none */
    int64_t objects, bytes;                    /* that were listed */
    int files;                                 /* of data */
    const char **data;                         /* their s3:// names */
};

/* The index of a field called so; -1: there is none. */
int inventory_field(const char *name);

/* Reads "Size,ETag" into bits; spaces do not count. "" is none.
 * @retval -1  ERROR_BAD_REQUEST: there is no such field, or it is there twice */
int inventory_read_fields(const char *text, unsigned *ret, struct error *err) MUST_CHECK;

/* Letters, digits, '.', '-' and '_', 64 at most. */
bool inventory_id_is_valid(const char *id);

/**
 * Writes a report.
 *
 * @param cancel  may be NULL
 * @retval -1  nothing is left of it; ERROR_NOT_FOUND: one of the buckets is not there
 */
int inventory_write(struct storage *storage, const struct inventory_request *request,
                    struct cancel *cancel, struct arena *arena, struct inventory_report *ret,
                    struct error *err) MUST_CHECK;

#endif
