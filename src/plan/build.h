/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of plan/: what is known while a plan is being made.
 *
 * plan.c calls source, then the group types in the order of the job; they call name, video, audio
 * and picture, each of which answers with the index of an existing equal thing or a new one.
 */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "plan/plan.h"

struct build {
    struct arena *arena;
    const struct job *job;
    const struct input *input; /* the job's first */
    const struct probe *probe;
    const struct plan_options *options;
    struct plan *plan;
};

/* plan.c: once all are known: the threads of each video's encoder. */
void plan_share_threads(struct build *build);

/* source.c: decides the streams, time zero, colours and filters. */
int source_build(struct build *build, bool needs_video, struct error *err) MUST_CHECK;
int source_track(struct build *build, const struct audio_description *audio, int *ret,
                 struct error *err) MUST_CHECK;
void source_add_info(struct build *build, const char *fmt, ...) PRINTF(2, 3);

/* picture.c: the picture of an output, for pixels of this shape and format. */
int picture_build(struct build *build, const struct video_description *video, AVRational sar,
                  enum AVPixelFormat format, int *ret, struct error *err) MUST_CHECK;
/* Once all are known: who is scaled from whom. */
void picture_cascade(struct build *build);

/* video.c: the output's video, an existing equal one or a new one. The bits of any segment that is
 * asked to be `segment_us` long (0: there are none) are bounded by MaxBitrate. A segment gets whole
 * GOPs, at least one: the nearest number, or the next. */
int video_build(struct build *build, const struct video_description *video, int64_t segment_us,
                bool round_up, struct plan_output *output, struct error *err) MUST_CHECK;
int video_segment_frames(const struct plan_video *video, int64_t segment_us, bool round_up);
int capture_build(struct build *build, const struct video_description *video,
                  struct plan_capture *ret, struct error *err) MUST_CHECK;

/* audio.c: every AudioDescription of an output. */
int audio_build(struct build *build, const struct output *output, bool match_video,
                struct plan_output *plan_output, struct error *err) MUST_CHECK;

/* qvbr.c: a QVBR level as libx264's CRF, a CRF as the QP that libx264 makes of it. */
double qvbr_level(const struct h264_settings *h264, int width, int height, AVRational frame_rate);
double qvbr_crf(double level, int height);
double qvbr_qp(double crf, double qcomp, AVRational frame_rate);

/* name.c: "s3://bucket/path/base" from a Destination, without any NameModifier. */
int name_destination(struct build *build, const char *destination, const char *at, const char **ret,
                     struct error *err) MUST_CHECK;

/* What the format identifiers of a NameModifier or SegmentModifier stand for. */
struct name_values {
    const struct plan_output *output;
    const char *extension; /* $ex$ */
    bool segment;          /* leaves $dt$, $d$ and $t$ for when the segment is complete */
};
int name_expand(struct build *build, const char *template, const struct name_values *values,
                const char *at, const char **ret, struct error *err) MUST_CHECK;

/* Every object has a name of its own, or one would overwrite another: 1040 where not. */
int name_check_unique(struct build *build, struct error *err) MUST_CHECK;

/* Headers for every object of a group. */
struct object_headers name_headers(const struct destination_settings *settings);

/* One file per output group type. */
struct group_type {
    enum output_group_type job_type;
    enum plan_group_type type;
    const char *name; /* as in events: "HLS_GROUP" */
    int (*build)(struct build *build, const struct output_group *settings, struct plan_group *group,
                 struct error *err);
};
extern const struct group_type group_file, group_hls;

#endif
