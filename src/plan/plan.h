/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job + probe → struct plan: everything decided, nothing opened.
 *
 *   source     which streams are read, where time zero is, what happens to a frame before scaling
 *   pictures   the distinct geometries; a small one may be scaled from a larger one
 *   videos     the distinct video encodes, each of one picture
 *   tracks     the distinct audio selectors: a decoded stream, or silence
 *   audios     the distinct audio encodes, each of one track
 *   groups     output groups as in the job, with the outputs that put encodes into objects
 *
 * Whatever outputs have in common appears once and is referred to by index: two outputs with the
 * same encoder settings share the encode, thumbnails share the picture of an equal rendition.
 *
 * A plan is plain data in one arena, printed as text by `plan`; run/ does what it says and decides
 * nothing. Times are int64_t microseconds on the output's timeline, which begins at 0.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include <libavutil/pixfmt.h>
#include <libavutil/rational.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "job/job.h"
#include "plan/probe.h"
#include "s3/storage.h"

struct plan_options {
    bool draft;            /* fastest encode, same shapes */
    int threads;           /* cores to plan for; 0: those this process may use */
    int64_t start_wall_us; /* when the job started, for date identifiers */
};

struct plan_colour {
    enum AVColorRange range;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
};

struct plan_source {
    const struct probe *probe;
    int video;             /* stream index; -1: no output needs video */
    int64_t start_us;      /* the container's time that becomes 0 */
    int64_t duration_us;   /* of the video, else of the audio; 0: unknown */
    int width, height;     /* after turning */
    AVRational sar;        /* after turning; never 0 */
    AVRational frame_rate; /* of INITIALIZE_FROM_SOURCE */
    struct plan_colour colour;
    const char *filters; /* libavfilter chain for each decoded frame; NULL: none */
    bool pad_with_black; /* PadVideo: black where audio begins before or ends after video */
    int decoder_threads;
};

enum plan_fit {
    FIT_PAD,     /* whole picture, black bars: exactly width x height */
    FIT_STRETCH, /* distorted to width x height */
    FIT_FILL,    /* cut to fill width x height */
};

struct plan_picture {
    int width, height; /* even */
    AVRational sar;    /* of its pixels */
    enum AVPixelFormat format;
    enum plan_fit fit;
    int sharpness; /* 0 softest … 50 bicubic */
    bool bilinear; /* instead of bicubic, in drafts */
    int parent;    /* picture to scale from; -1: the decoded frame */
};

/* Where the source lands in a picture: crop of the source → rectangle in the picture. */
struct plan_mapping {
    int source_x, source_y, source_width, source_height;
    int x, y, width, height; /* even */
};

struct plan_option {
    const char *name, *value;
};

/* A QVBR video: what is asked of libx264, and by which its packets tell what they attained. */
struct plan_qvbr {
    double level; /* 1 … 10 in thirds; 0: the video is no QVBR */
    double crf;
    double qp; /* of P and B frames as long as nothing caps the rate; 0: it is not one number */
};

struct plan_video {
    int picture;
    AVRational frame_rate;
    int gop_frames; /* an IDR at every multiple, and nowhere else */
    int passes;     /* 1 or 2 */
    int threads;
    bool write_colour;    /* ColorMetadata: VUI where the source says */
    int64_t name_bitrate; /* bits/s that $rv$ stands for: QVBR's maximum, else the average */
    int64_t max_bitrate;  /* bits/s; 0: none */
    struct plan_qvbr qvbr;
    const char *profile, *level; /* for people; level NULL: automatic */
    struct plan_option *options; /* of libx264 and AVCodecContext; all must be taken */
    int options_count;
};

/* One audio selector on this input. */
struct plan_track {
    const char *selector; /* its name in the job */
    int stream;           /* -1: silence */
    int64_t offset_us;    /* AudioSelector.Offset: positive is later */
    const char *language; /* of the input's stream; NULL */
};

struct plan_audio {
    int track;
    int sample_rate;
    int channels;     /* 1, 2 or 6 */
    int64_t bitrate;  /* bits/s; 0 in VBR */
    bool mpeg2;       /* Specification MPEG2: said in ADTS headers */
    bool match_video; /* AudioDuration MATCH_VIDEO_DURATION: what begins after the video's end is
                         dropped */
    struct plan_option *options;
    int options_count;
};

enum { PLAN_MAX_AUDIOS = 16 }; /* of one output; M3U8 has at most that many audio PIDs */

/* An audio encode in an output, with what the container says of it. */
struct plan_output_audio {
    int audio;
    const char *language;    /* ISO 639-2; "und" where nobody knows */
    const char *stream_name; /* AudioDescription.StreamName; NULL */
    int audio_type;          /* ISO 13818-1 audio_type */
};

enum plan_container {
    CONTAINER_MP4,
    CONTAINER_TS,      /* HLS: video, or audio with AudioOnlyContainer M2TS */
    CONTAINER_ADTS,    /* HLS: audio only */
    CONTAINER_RAW_AAC, /* file group, no container */
    CONTAINER_CAPTURE, /* one JPEG after another */
};

struct plan_mp4 {
    bool moov_first;
    bool cslg; /* composition times begin at 0, cslg box */
    int ctts_version;
    bool free_space_box;
    const char *major_brand; /* NULL: the muxer's */
};

struct plan_ts {
    int video_pid, pmt_pid, audio_pids[PLAN_MAX_AUDIOS];
    int program_number, transport_stream_id;
    int audio_frames_per_pes;
    int pat_interval_ms, pmt_interval_ms; /* 0: only where a segment begins */
    int pcr_interval_ms;                  /* 0: on every video PES */
    int64_t pts_offset_us;                /* of the output's time 0; the same in the whole group */
};

struct plan_capture {
    int picture;
    AVRational frame_rate;          /* of the video that captures are taken from */
    int64_t numerator, denominator; /* a capture every denominator/numerator seconds */
    int max_captures;
    int quality;           /* 1..100 */
    const char *extension; /* without the dot */
};

/* A rendition of an HLS group. */
struct plan_rendition {
    const char *playlist_uri;     /* of the child playlist */
    const char *playlist_path;    /* the same, relative to the top-level playlist */
    const char *segment_prefix;   /* URI of the folder, with its slash */
    const char *segment_name;     /* file name up to the SegmentModifier */
    const char *segment_modifier; /* only $dt$, $d$, $t$ are left to expand, per segment */
    const char *segment_suffix;   /* ".ts", ".aac" */
    const char *uri_prefix;   /* what stands before a segment's file name in the child playlist */
    const char *subdirectory; /* "" or "NAME/": between playlist and segments */
    int segment_frames;       /* video frames; 0: cut by time */
    int64_t segment_us;       /* the same as time */
    const char *audio_group;  /* GROUP-ID of this audio rendition; NULL for video */
    const char *const *audio_sets; /* AUDIO="…" of the variant, a line for each; NULL ends */
    bool audio_only_variant;       /* its own EXT-X-STREAM-INF */
    bool autoselect, is_default;
    bool descriptive_video;
    bool timestamp_header; /* ID3 timestamp in front of each raw audio segment */
};

struct plan_output {
    const struct output *settings;
    const char *label; /* for messages: "output '_720'" */
    enum plan_container container;
    int group;
    int video; /* -1: none */
    int audios_count;
    struct plan_output_audio audios[PLAN_MAX_AUDIOS];
    const char *uri; /* the object; for captures and segments the part before the counter */
    const char *content_type;
    struct plan_mp4 mp4;
    struct plan_ts ts;
    struct plan_capture capture;
    struct plan_rendition rendition;
};

struct plan_hls {
    const char *playlist_uri; /* of the top-level playlist */
    bool playlists;           /* OutputSelection */
    bool single_file;
    bool integer_durations;
    bool target_rounds_up; /* LEGACY: up; SPEC_COMPLIANT: to the nearest */
    bool gzip;
    bool allow_cache_tag; /* ClientCache DISABLED */
    bool resolution;
    bool captions_none;
    bool program_date_time;
    int64_t date_time_period_us;   /* how often EXT-X-PROGRAM-DATE-TIME is written */
    int64_t min_final_us;          /* a shorter last segment joins the one before */
    int segments_per_subdirectory; /* 0: all in one */
    int version;                   /* EXT-X-VERSION */
};

enum plan_group_type { GROUP_FILE, GROUP_HLS };

struct plan_group {
    enum plan_group_type type;
    const char *name;              /* CustomName or Name, for people */
    struct object_headers headers; /* but for the content type */
    struct plan_hls hls;
    int outputs_first, outputs_count; /* in plan->outputs */
};

struct plan {
    struct plan_source source;
    int64_t start_wall_us;

    int pictures_count, videos_count, tracks_count, audios_count, groups_count, outputs_count;
    struct plan_picture *pictures;
    struct plan_video *videos;
    struct plan_track *tracks;
    struct plan_audio *audios;
    struct plan_group *groups;
    struct plan_output *outputs;

    int infos_count;
    const char **infos; /* messages.info: what a person should know */
};

/**
 * Decides everything. The plan lives in `arena` and points into job and probe.
 *
 * @retval -1  1020 no video stream, 1021 a named audio track is missing, 1030 a stream that this
 *             FFmpeg cannot decode, 1040 settings that do not fit this input
 */
int plan_for_job(struct arena *arena, const struct job *job, const struct probe *probe,
                 const struct plan_options *options, struct plan **ret,
                 struct error *err) MUST_CHECK;

/* The QVBR level that frames with this mean QP have attained; at most the one asked for. */
double plan_qvbr_attained(const struct plan *plan, const struct plan_video *video, double qp);

/* How a source frame of this size and pixel shape lands in the picture. Sizes may change from
 * frame to frame, so run/ asks again. */
struct plan_mapping plan_map(const struct plan_picture *picture, int width, int height,
                             AVRational sar);

/* How a picture lands in a smaller one that is scaled from it. */
struct plan_mapping plan_map_child(const struct plan *plan, const struct plan_picture *child,
                                   int width, int height, AVRational sar);

/* Expands $dt$, $d$, $t$ for a segment that was completed at this time. */
const char *plan_segment_modifier(struct arena *arena, const struct plan_rendition *rendition,
                                  int64_t completed_wall_us);

void plan_print(const struct plan *plan, struct text *out);

struct cJSON;
struct cJSON *plan_to_json(const struct plan *plan); /* the caller's to delete */

#endif
