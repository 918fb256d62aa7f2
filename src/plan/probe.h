/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in a media file: plain data, made once when the input is opened, read by plan/ and
 * printed by `probe` in the shape of MediaConvert's Probe operation.
 */
#ifndef PLAN_PROBE_H
#define PLAN_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include <libavformat/avformat.h>
#include <libavutil/pixfmt.h>

#include "base/arena.h"
#include "s3/storage.h"

struct cJSON;
struct text;

/* One elementary stream. Plain data, in the probe's arena. Unknown values are 0 (or NULL). */
struct probe_track {
    int index; /* AVStream.index */
    int id;    /* TS: the PID; MP4: the track id */
    enum AVMediaType type;
    const char *codec;      /* in the terms of MediaConvert's Probe: "AVC", "AAC", "PCM" */
    const char *codec_name; /* FFmpeg's: "h264" */
    uint32_t tag;           /* the container's, the first byte lowest: "avc1" */
    bool decodable;
    const char *language; /* ISO 639-2, lower case; NULL */
    int64_t start_us;     /* on the container's timeline; AV_NOPTS_VALUE if unknown */
    int64_t duration_us;
    int64_t bitrate;       /* bits/s */
    bool attached_picture; /* cover art: no video track */
    int program;           /* TS program number */

    int width, height;
    AVRational sar;        /* of a pixel; 0/1: unknown */
    AVRational frame_rate; /* as plan/ will use it for INITIALIZE_FROM_SOURCE */
    enum AVPixelFormat format;
    int depth; /* bits per sample */
    enum AVColorRange range;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVFieldOrder field_order;
    int rotation;  /* degrees clockwise that a player turns it: 0 90 180 270 */
    bool mirrored; /* the display matrix also flips */

    int sample_rate, channels;
};

struct probe {
    const char *uri;
    const char *name;   /* file name without its extension: the outputs' base name */
    const char *format; /* MediaConvert's: "mp4", "matroska"; FFmpeg's name where it has none */
    const char *format_name; /* FFmpeg's */
    int64_t bytes;
    int64_t duration_us;
    struct object_info object;
    int tracks_count;
    struct probe_track *tracks;
};

struct probe *probe_streams(struct arena *arena, const AVFormatContext *format, const char *uri,
                            const struct object_info *object);

/* A container's time in µs. AV_NOPTS_VALUE where it has none, or one a hundred years from 0: that
 * is no time, and nobody has to fear to add two of them. */
int64_t probe_time(int64_t time, AVRational base);

/*
 * The frame rate that INITIALIZE_FROM_SOURCE means, in three steps: what the container declares
 * (its average, else its r_frame_rate; 0/1 where neither is believable, that is above 120), what
 * the timestamps (µs, in any order) of the first two seconds show, and the standard rate that is
 * within 1 % of it.
 */
AVRational probe_declared_rate(const AVStream *stream);
AVRational probe_measured_rate(int64_t *timestamps, int count);
AVRational probe_standard_rate(AVRational rate);

/* The probe as MediaConvert's Probe operation answers: probeResults[0]; the caller's to delete. */
struct cJSON *probe_to_json(const struct probe *probe);

/* The same for people. */
void probe_print(const struct probe *probe, struct text *out);

#endif
