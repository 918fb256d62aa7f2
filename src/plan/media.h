/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door through which media comes in. Every input is hostile, so:
 *
 * - bytes come only from an object_reader, through our AVIO; no protocol is ever opened;
 * - every nested open that a demuxer asks for is refused, and the demuxers that live on them
 *   (playlists, references, image sequences, devices) are not among those allowed (1030);
 * - declared sizes are bounded before anything is allocated for them.
 *
 * A failing read is an input's error, not an end of file: it is kept and reported with its cause.
 *
 * media_open() reads the head of the object and remembers the packets it has met, so that nothing
 * is read twice: the same struct media is probed, planned for and then run.
 */
#ifndef PLAN_MEDIA_H
#define PLAN_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include <libavformat/avformat.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "plan/probe.h"
#include "s3/storage.h"

struct media;

/**
 * Opens and probes an input. The probe lives in `arena`.
 *
 * @retval -1  1010 nothing recognisable, 1030 a format that is not allowed, 1075 broken,
 *             1076 truncated (its own index points past its end), or the storage's error
 */
int media_open(struct media **ret, struct storage *storage, const char *uri, struct cancel *cancel,
               struct arena *arena, struct probe **ret_probe, struct error *err) MUST_CHECK;

/* The next packet; the caller's to unref. 1: a packet; 0: end of file; -1: err. */
int media_read(struct media *media, AVPacket *packet, struct error *err) MUST_CHECK;

const AVStream *media_stream(const struct media *media, int index);

/* Has the demuxer throw away the packets of every other stream. Call before the first read. */
void media_select(struct media *media, const int *streams, int count);

/* Whether the format's timestamps may jump (MPEG-TS: wrap-around, spliced recordings). */
bool media_timestamps_jump(const struct media *media);

void media_close(struct media **media); /* sets NULL; accepts NULL */

#endif
