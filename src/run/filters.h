/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of libavfilter's filters between the decoder and the pictures: what turns, deblocks and
 * denoises, where a setting asks for it.
 *
 * Few jobs have one. Linked, libavfilter would make each start twice as long, for all that it
 * brings along (docs/performance.md); so it is opened by the first chain.
 */
#ifndef RUN_FILTERS_H
#define RUN_FILTERS_H

#include <libavutil/frame.h>

#include "base/error.h"

struct filters;
struct stage;

/* The chain in FFmpeg's syntax; borrowed. *ret is the caller's, to be freed with filters_free(). */
int filters_new(const char *chain, struct filters **ret, struct error *err) MUST_CHECK;
void filters_free(struct filters **filters);

/* Sends a decoded frame, whose content is taken over, or NULL at the end; what comes out goes to
 * `take`, none or several. The size and the format may change between frames. */
int filters_send(struct filters *filters, AVFrame *frame,
                 int (*take)(struct stage *stage, AVFrame *frame, struct error *err),
                 struct stage *stage, struct error *err) MUST_CHECK;

#endif
