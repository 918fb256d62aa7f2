/* SPDX-License-Identifier: Apache-2.0 */
/* How far a job is: a bar for a person at a terminal, or a line of JSON each second. On stderr. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

#include "base/text.h"
#include "dispatch/worker.h"

/* The values of --progress, in its order. */
enum progress_style { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_JSON, PROGRESS_NONE };
extern const char *const progress_styles[];

struct progress_display {
    enum progress_style style; /* never AUTO */
    int64_t shown_us;          /* elapsed time when a line of JSON was last written */
};

/* AUTO is a bar on a terminal, nothing elsewhere. */
void progress_init(struct progress_display *display, enum progress_style style);
void progress_show(struct progress_display *display, const struct progress *progress);

/* Removes the bar, so that other lines can be written; the next progress_show() brings it back. */
void progress_clear(struct progress_display *display);

/* What is shown, within `columns`; for the tests. */
void progress_bar(const struct progress *progress, int columns, struct text *out);
void progress_json(const struct progress *progress, struct text *out);

#endif
