/* SPDX-License-Identifier: Apache-2.0 */
/* What a job made: a table for people, the shape of a COMPLETE event for programs. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "base/text.h"
#include "dispatch/worker.h"
#include "job/job.h"

/*
 *   s3://out/film/Default/HLS/
 *     film.m3u8     playlist                      597 bytes
 *     film_360*.ts  HLS segments       6 objects    2.1 MiB      0:30   588 kb/s
 *
 * Objects of one kind that belong to one output share a line.
 */
void report_table(const struct report *report, struct text *out);

/* "63 objects, 31.2 MiB, in ./buckets; 12.3 s, 2.4 times as fast as it plays, 58 frames/s" */
void report_total(const struct report *report, const struct progress *progress, const char *storage,
                  struct text *out);

struct cJSON;

/* The caller's to delete. `findings` are the warnings of the job text. */
struct cJSON *report_to_json(const struct report *report, const struct findings *findings);

#endif
