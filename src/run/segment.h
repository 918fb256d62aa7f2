/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pieces of one HLS rendition, as they become objects, and the list of them that the playlist
 * is written from. A segment's bytes are collected in memory (a few seconds at MaxBitrate), because
 * its name may hold the time at which it was completed. With SINGLE_FILE there is one object and
 * segments are byte ranges of it.
 */
#ifndef RUN_SEGMENT_H
#define RUN_SEGMENT_H

#include "run/stage.h"

struct segment {
    const char *path; /* relative to the child playlist */
    int64_t duration_us;
    int64_t bytes, offset; /* offset: in the single file */
    int64_t start_us;
};

struct rendition {
    struct segment *segments; /* owned by the run's arena of strings and av_realloc */
    int count, capacity;
    int64_t bytes;
};

struct segmenter;

int segmenter_new(struct segmenter **ret, struct stage *stage, struct error *err) MUST_CHECK;
int segmenter_write(struct segmenter *segmenter, const void *bytes, size_t size,
                    struct error *err) MUST_CHECK;

/* Whether nothing was written since the last cut. */
bool segmenter_is_empty(const struct segmenter *segmenter);

/* The segment ends here, and the next one begins at this time. */
int segmenter_cut(struct segmenter *segmenter, int64_t time_us, struct error *err) MUST_CHECK;
/* The last segment ends here. */
int segmenter_finish(struct segmenter *segmenter, int64_t time_us, struct error *err) MUST_CHECK;
void segmenter_free(struct segmenter **segmenter);

#endif
