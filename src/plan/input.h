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
 * input_open() reads the head of the object and remembers the packets it has met, so that nothing
 * is read twice: the same struct input is probed, planned for and then run.
 */
#ifndef PLAN_INPUT_H
#define PLAN_INPUT_H

#include <stdint.h>

#include <libavformat/avformat.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "s3/storage.h"

struct input;

/* One elementary stream. Plain data, in the probe's arena. Unknown values are 0 (or NULL). */
struct probe_track {
    int index;                 /* AVStream.index */
    int id;                    /* TS: the PID; MP4: the track id */
    enum AVMediaType type;
    const char *codec;         /* in the terms of MediaConvert's Probe: "AVC", "AAC", "PCM" */
    const char *codec_name;    /* FFmpeg's: "h264" */
    bool decodable;
    const char *language;      /* ISO 639-2, lower case; NULL */
    int64_t start_us;          /* on the container's timeline; AV_NOPTS_VALUE if unknown */
    int64_t duration_us;
    int64_t bitrate;           /* bits/s */
    bool attached_picture;     /* cover art: no video track */
    int program;               /* TS program number */

    int width, height;
    AVRational sar;            /* of a pixel; 0/1: unknown */
    AVRational frame_rate;     /* as plan/ will use it for INITIALIZE_FROM_SOURCE */
    enum AVPixelFormat format;
    int depth;                 /* bits per sample */
    enum AVColorRange range;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVFieldOrder field_order;
    int rotation;              /* degrees clockwise that a player turns it: 0 90 180 270 */
    bool mirrored;             /* the display matrix also flips */

    int sample_rate, channels;
};

struct probe {
    const char *uri;
    const char *name;          /* file name without its extension: the outputs' base name */
    const char *format;        /* MediaConvert's: "mp4", "matroska"; FFmpeg's name where it has none */
    const char *format_name;   /* FFmpeg's */
    int64_t bytes;
    int64_t duration_us;
    struct object_info object;
    int tracks_count;
    struct probe_track *tracks;
};

/**
 * Opens and probes an input. The probe lives in `arena`.
 *
 * @retval -1  1010 nothing recognisable, 1030 a format that is not allowed, 1075 broken,
 *             1076 truncated (its own index points past its end), or the storage's error
 */
int input_open(struct input **ret, struct storage *storage, const char *uri, struct cancel *cancel,
               struct arena *arena, struct probe **ret_probe, struct error *err) MUST_CHECK;

/* The next packet; the caller's to unref. 1: a packet; 0: end of file; -1: err. */
int input_read(struct input *input, AVPacket *packet, struct error *err) MUST_CHECK;

const AVStream *input_stream(const struct input *input, int index);

/* Has the demuxer throw away the packets of every other stream. Call before the first read. */
void input_select(struct input *input, const int *streams, int count);

void input_close(struct input **input); /* sets NULL; accepts NULL */

struct cJSON;

/* The probe as MediaConvert's Probe operation answers: probeResults[0]; the caller's to delete. */
struct cJSON *probe_to_json(const struct probe *probe);

#endif
