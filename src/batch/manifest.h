/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests: a CSV whose columns the request names, or an S3 Inventory's manifest.json with its
 * gzipped CSVs.
 *
 *     object → (manifest.json → data files → gunzip →) rows → entries → sink
 *
 *   manifest.c            which of the two; the object and its ETag
 *   manifest_inventory.c  manifest.json, and the data files that it names: size, MD5, gzip
 *   rows.c                CSV → entries, every row checked
 *
 * A manifest is hostile until it was read to its end. It is streamed in pieces of 64 KiB, and
 * everything in it is bounded: a row, a field, the columns, manifest.json, the files that it names,
 * how much a gzipped file may grow, the number of entries. It is taken as a whole or not at all:
 * the first fault ends it, and the message names the object and the row. What is made of it leaves
 * room on the disk (entries.h).
 */
#ifndef BATCH_MANIFEST_H
#define BATCH_MANIFEST_H

#include "base/arena.h"
#include "batch/entry.h"
#include "s3/storage.h"
#include "status/batch.h"

enum {
    MANIFEST_JSON_MAX = 8 * 1024 * 1024, /* bytes of a manifest.json */
    MANIFEST_FILES_MAX = 50 * 1000,      /* data files of an inventory */
    MANIFEST_ENTRIES_MAX = 1000 * 1000 * 1000,
};

/* FailureCodes. The first is S3's own, the others are ours. */
#define FAILURE_CONTENT   "InvalidManifestContent"
#define FAILURE_NOT_FOUND "ManifestNotFound"
#define FAILURE_FORBIDDEN "ManifestAccessDenied"
#define FAILURE_ETAG      "ManifestETagMismatch"
#define FAILURE_READ      "ManifestReadFailed"
#define FAILURE_INTERNAL  "InternalError"

/* An object's name for messages, which have no room for the longest: its start, "...", its end. In
 * the arena. */
const char *manifest_name(struct arena *arena, const char *uri);

struct manifest_summary {
    int64_t entries;
    char etag[72]; /* of the object that the request names */
};

/**
 * Reads the manifest that a request names to its end; `sink` gets every entry.
 *
 * @param cancel    ends it with ERROR_CANCELED; may be NULL
 * @param ret_code  on failure the FailureCode
 * @retval -1  err is the FailureReason
 */
int manifest_read(struct storage *storage, const struct batch_request *request,
                  struct entry_sink *sink, struct cancel *cancel, struct manifest_summary *ret,
                  const char **ret_code, struct error *err) MUST_CHECK;

#endif
