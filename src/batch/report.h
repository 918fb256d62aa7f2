/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The completion report: how each task ended, as S3 Batch Operations writes it.
 *
 *   [PREFIX/]job-ID/results/SHA1.csv    rows of tasks that succeeded; rows of those that failed
 *   [PREFIX/]job-ID/manifest.json       names these files, with their MD5s
 *   [PREFIX/]job-ID/manifest.json.md5   its MD5
 *
 * One file at a time is written, so memory does not grow with the report. The names follow from the
 * batch job: a report that is written again replaces what a killed process has left of it.
 */
#ifndef BATCH_REPORT_H
#define BATCH_REPORT_H

#include "base/cancel.h"
#include "base/text.h"
#include "batch/batch.h"
#include "batch/entry.h"

enum { REPORT_FILE_ROWS = 250 * 1000 };

/* Writes the report into its bucket. `rows_max` is how many rows a file may have, REPORT_FILE_ROWS
 * but in tests. `folder` has the entries. */
int report_write(const struct batches_options *options, const struct batch_record *record,
                 const char *folder, int64_t rows_max, struct cancel *cancel,
                 struct error *err) MUST_CHECK;

#define FAILURE_REPORT "ReportWriteFailed"

/* One is written if a task was run at all, and once only where that does not work. */
bool report_is_wanted(const struct batch_record *record);

/* Its manifest.json, "s3://BUCKET/…", of a batch job that has ended; NULL: there is none. */
const char *report_uri(struct arena *arena, const struct batch_record *record);

/* Adds one row: Bucket,Key,VersionId,TaskStatus,HTTPStatusCode,ErrorCode,ResultMessage. */
void report_row(struct text *out, const struct batch_entry *entry,
                const struct batch_result *result);

#endif
