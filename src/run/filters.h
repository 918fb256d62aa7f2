/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of libavfilter's filters between the decoder and the pictures: what turns, deblocks and
 * denoises, where a setting asks for it.
 *
 * Few jobs have one. Linked, libavfilter would bring 31 more libraries into each process, 40 ms
 * of CPU time before main(); so it is opened when the first frame comes to a chain.
 */
#ifndef RUN_FILTERS_H
#define RUN_FILTERS_H

#include <libavutil/frame.h>

#include "base/error.h"

struct filters;
struct stage;

/* The chain in FFmpeg's syntax; borrowed. NULL: out of memory. */
struct filters *filters_new(const char *chain);
void filters_free(struct filters **filters);

/* Sends a decoded frame, whose content is taken over, or NULL at the end; what comes out goes to
 * `take`, none or several. The size and the format may change between frames. */
int filters_send(struct filters *filters, AVFrame *frame,
                 int (*take)(struct stage *stage, AVFrame *frame, struct error *err),
                 struct stage *stage, struct error *err) MUST_CHECK;

#endif
