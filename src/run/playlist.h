/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HLS playlists shaped like MediaConvert's: the order of tags and attributes, how durations are
 * rounded and what bandwidth means were read off real ones (docs/fidelity.md).
 *
 * Both kinds are written once every segment of the group is finished: the children first, then the
 * top-level playlist that names them.
 */
#ifndef RUN_PLAYLIST_H
#define RUN_PLAYLIST_H

#include "run/segment.h"
#include "run/stage.h"

/* Writes all playlists of an HLS group. */
int playlist_put_group(struct run *run, int group, struct error *err) MUST_CHECK;

/* The largest bit rate of any run of segments that lasts half to one and a half times the target
 * duration, as RFC 8216 4.3.4.2 defines BANDWIDTH; bits/s. */
double playlist_peak_bandwidth(const struct rendition *rendition, double target_seconds);

#endif
