/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bytes of a container say before a demuxer sees them: whether we want that demuxer at
 * all, whether the file leans on other files, and where it says that it ends.
 */
#ifndef PLAN_CONTAINER_H
#define PLAN_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "s3/storage.h"

/* Whether this FFmpeg demuxer may open inputs: it reads nothing but the bytes it is given. */
bool container_allowed(const char *format_name);

/* Whether this demuxer only lives on other files: playlists, references, image sequences. */
bool container_names_others(const char *format_name);

/* MediaConvert's name for it in Probe ("matroska"), FFmpeg's where it has none. `brand` is an MP4's
 * major_brand or NULL. */
const char *container_service_name(const char *format_name, const char *brand);

/* QuickTime: a track whose data reference is not this file. */
bool container_has_external_media(struct object_reader *reader);

/* QuickTime: the last top-level box goes on past the end of the file. */
bool container_is_cut(struct object_reader *reader);

/* Matroska and WebM: the byte at which the Segment ends by its own header; 0 where none is said. */
int64_t container_declared_end(struct object_reader *reader);

#endif
