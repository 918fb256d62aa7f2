/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest that is an S3 Inventory: its manifest.json, then the data files that it names. */
#ifndef BATCH_MANIFEST_INVENTORY_H
#define BATCH_MANIFEST_INVENTORY_H

#include "batch/manifest.h"
#include "base/arena.h"
#include "batch/rows.h"

/* A data file: where it is, and what manifest.json says of it. */
struct inventory_file {
    const char *uri, *name; /* the name is for messages */
    int64_t bytes;
    const char *md5; /* 32 lower-case hexadecimal digits */
};

/* What a manifest.json says. In an arena. */
struct inventory {
    const char *bucket; /* whose objects are listed */
    struct rows_columns columns;
    struct inventory_file *files;
    int files_count;
};

/* Reads the text of a manifest.json called `name`. ERROR_INPUT: its content. */
int inventory_parse(struct arena *arena, const char *name, const char *text, size_t size,
                    struct inventory *ret, struct error *err) MUST_CHECK;

/* Gunzips `bytes` of a data file into rows, piece by piece; several gzip members may follow each
 * other. */
struct gunzip;
int gunzip_new(struct gunzip **ret, struct rows *rows, const char *name,
               struct error *err) MUST_CHECK;
int gunzip_push(struct gunzip *gunzip, const void *bytes, size_t size,
                struct error *err) MUST_CHECK;
int gunzip_end(struct gunzip *gunzip, struct error *err) MUST_CHECK;
void gunzip_free(struct gunzip **gunzip);

/* Reads one data file to its end; adds its entries to *entries. */
int inventory_read_file(struct storage *storage, const struct inventory *inventory,
                        const struct inventory_file *file, struct entry_sink *sink,
                        struct cancel *cancel, int64_t *entries, const char **ret_code,
                        struct error *err) MUST_CHECK;

#endif
