/* SPDX-License-Identifier: Apache-2.0 */
/* How far a batch job is: a bar for a person at a terminal, or a line of JSON each second. On
 * stderr. First its tasks, then the MediaConvert jobs that they have started. */
#ifndef CLI_BATCH_SHOW_H
#define CLI_BATCH_SHOW_H

#include "base/text.h"
#include "status/batch.h"

/* The values of --progress, in its order. */
enum batch_style { BATCH_SHOW_AUTO, BATCH_SHOW_BAR, BATCH_SHOW_JSON, BATCH_SHOW_NONE };
extern const char *const batch_styles[];

struct batch_progress {
    enum batch_status status;
    int64_t total, succeeded, failed; /* tasks */
    int64_t jobs, jobs_ended, jobs_failed;
    double per_second;  /* tasks, lately */
    int64_t elapsed_us; /* of this process */
};

struct batch_show {
    enum batch_style style; /* never AUTO */
    int64_t shown_us;       /* when a line of JSON was last written */

    /* The rate: as it was a few seconds ago. */
    int64_t since_us, since_done;
    double per_second;
};

/* AUTO is a bar on a terminal, nothing elsewhere. */
void batch_show_init(struct batch_show *show, enum batch_style style);

/* Fills in the rate, and shows it. */
void batch_show(struct batch_show *show, struct batch_progress *progress);

/* Removes the bar, so that other lines can be written. */
void batch_show_clear(struct batch_show *show);

/* What is shown, within `columns`; for the tests. */
void batch_show_bar(const struct batch_progress *progress, int columns, struct text *out);
void batch_show_json(const struct batch_progress *progress, struct text *out);

#endif
