/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moov box that FFmpeg's muxer wrote, made into the one we want: chunk offsets moved to where
 * the media will stand, 64-bit where they must be, `cslg` after each `ctts`.
 */
#ifndef RUN_MP4_H
#define RUN_MP4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct mp4_edit {
    int64_t shift;    /* added to every chunk offset */
    bool co64;        /* stco becomes co64 */
    bool cslg;        /* a cslg box for every track with composition offsets */
    int ctts_version; /* 0 or 1, written into every ctts */
};

/* Appends the edited box to `out`. The size of the result does not depend on `shift`. */
int mp4_edit_moov(const uint8_t *moov, size_t size, const struct mp4_edit *edit, struct text *out,
                  struct error *err) MUST_CHECK;

/* A box of this type in the same list of boxes; its payload's size in *ret_size. NULL: none. */
const uint8_t *mp4_find(const uint8_t *boxes, size_t size, const char *type, size_t *ret_size);

#endif
