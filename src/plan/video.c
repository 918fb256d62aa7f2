/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VideoDescription → the options of libx264, and what of them is our own work: the GOP cadence.
 *
 * A GOP is round(GopSize · fps) frames. Every IDR is forced by run/, so the cadence is exact and
 * the same in all renditions; a scene cut becomes an I frame, never an IDR.
 */
#include <math.h>
#include <string.h>

#include "plan/build.h"

enum { MOST_OPTIONS = 48 };

struct option_list {
    struct arena *arena;
    struct plan_option *items;
    int count;
    const char *x264_params; /* what has no option of its own, "a=1:b=2" */
};

static void add(struct option_list *list, const char *name, const char *value)
{
    if (list->count < MOST_OPTIONS)
        list->items[list->count++] = (struct plan_option){name, value};
}

static void add_int(struct option_list *list, const char *name, int64_t value)
{
    add(list, name, arena_printf(list->arena, "%lld", (long long)value));
}

static void add_param(struct option_list *list, const char *param)
{
    list->x264_params =
        list->x264_params ? arena_printf(list->arena, "%s:%s", list->x264_params, param) : param;
}

/* ---- speed against quality: the points chosen in docs/performance.md ---- */

/* What ultrafast lacks to be about as small as a normal encode: without it a draft of a QVBR output
 * has two or three times the bits, which take as much time as all else. */
enum { DRAFT_CRF_MORE = 5 };

/* Presets are not on the frontier: deciding modes by rate and distortion, in B frames too (subq 7),
 * saves far more bits than better vectors and more partitions, and trellis quantization more than
 * subq 3 to 6. */
static const struct effort {
    enum h264_quality_tuning_level level;
    const char *params;            /* of libx264, beside no-dct-decimate */
    struct plan_option options[6]; /* ends with a NULL name */
} efforts[] = {
    {H264_QUALITY_TUNING_LEVEL_SINGLE_PASS,
     NULL,
     {{"preset", "veryfast"},
      {"motion-est", "dia"},
      {"partitions", "i8x8,i4x4"},
      {"trellis", "1"}}},
    {H264_QUALITY_TUNING_LEVEL_SINGLE_PASS_HQ,
     "no-chroma-me=1",
     {{"preset", "faster"},
      {"subq", "7"},
      {"motion-est", "dia"},
      {"partitions", "p8x8,i8x8,i4x4"},
      /* Not the preset's 20: 24 MiB less for each 720p video; bits hardly change. */
      {"rc-lookahead", "12"}}},
    {H264_QUALITY_TUNING_LEVEL_MULTI_PASS_HQ, NULL, {{"preset", "slow"}}},
};

static void decide_effort(struct option_list *list, const struct h264_settings *h264, bool draft)
{
    if (draft) {
        add(list, "preset", "ultrafast");
        add(list, "refs", "1");
        /* A fifth of the bits, and less loss than a higher CRF for the same: without the small
         * coefficients, and with less for the frames that nothing refers to. */
        add(list, "b_qfactor", "2.5");
        add_param(list, "deadzone-inter=32");
        return;
    }
    for (const struct effort *effort = efforts; effort < efforts + COUNT(efforts); effort++) {
        if (effort->level != h264->QualityTuningLevel)
            continue;
        for (const struct plan_option *option = effort->options; option->name; option++)
            add(list, option->name, option->value);
        if (effort->params)
            add_param(list, effort->params);
    }
    add(list, "psy", "0");
    /* Leaves and grass live on the small coefficients that are dropped otherwise. */
    add_param(list, "no-dct-decimate=1");
}

/* Strength of x264's adaptive quantization, by AdaptiveQuantization's order OFF … MAX. */
static const struct {
    enum h264_adaptive_quantization level;
    const char *strength;
} aq_strengths[] = {
    {H264_ADAPTIVE_QUANTIZATION_OFF, "0"},      {H264_ADAPTIVE_QUANTIZATION_LOW, "0.3"},
    {H264_ADAPTIVE_QUANTIZATION_MEDIUM, "0.5"}, {H264_ADAPTIVE_QUANTIZATION_AUTO, "0.7"},
    {H264_ADAPTIVE_QUANTIZATION_HIGH, "0.7"},   {H264_ADAPTIVE_QUANTIZATION_HIGHER, "1.0"},
    {H264_ADAPTIVE_QUANTIZATION_MAX, "1.3"},
};

/* With the macroblock tree, its strength is 5 · (1 − qcomp). */
#define QCOMP 0.55

/* Spatial is x264's AQ, temporal its macroblock tree; both can be switched by hand unless AUTO. */
static void decide_quantization(struct option_list *list, const struct h264_settings *h264,
                                struct plan_video *video)
{
    bool by_hand = h264->AdaptiveQuantization != H264_ADAPTIVE_QUANTIZATION_AUTO;
    bool off = h264->AdaptiveQuantization == H264_ADAPTIVE_QUANTIZATION_OFF;
    bool spatial = !off && !(by_hand && h264->SpatialAdaptiveQuantization ==
                                            H264_SPATIAL_ADAPTIVE_QUANTIZATION_DISABLED);
    bool temporal = !off && !(by_hand && h264->TemporalAdaptiveQuantization ==
                                             H264_TEMPORAL_ADAPTIVE_QUANTIZATION_DISABLED);
    add(list, "aq-mode", spatial ? "2" : "0");
    for (size_t i = 0; spatial && i < COUNT(aq_strengths); i++)
        if (aq_strengths[i].level == h264->AdaptiveQuantization)
            add(list, "aq-strength", aq_strengths[i].strength);
    if (!temporal) {
        add(list, "mbtree", "0");
        return;
    }
    add(list, "qcomp", arena_printf(list->arena, "%g", QCOMP));
    if (video->qvbr.level > 0)
        video->qvbr.qp = qvbr_qp(video->qvbr.crf, QCOMP, video->frame_rate);
}

/* ---- rate control ---- */

/* The decoder's buffer, and the rate that fills it, which is returned. What the job does not say is
 * chosen so that the mean over any segment stays at or below MaxBitrate: it is bounded by
 * maxrate + bufsize / T. Half a second of it is what I frames need; in short segments a sixth is
 * left for it, which is less: with a twelfth libx264 makes less of what it may have. */
static int64_t decide_buffer(struct option_list *list, const struct h264_settings *h264,
                             int64_t segment_us)
{
    int64_t size = h264->HrdBufferSize, rate = h264->MaxBitrate;
    if (!size && segment_us) {
        double seconds = (double)segment_us / 1e6;
        size = (int64_t)((double)rate * fmin(seconds, 3) / 6);
        rate -= (int64_t)((double)size / seconds);
    } else if (!size) {
        size = rate / 2;
    }
    int64_t fill =
        h264->has_HrdBufferInitialFillPercentage ? h264->HrdBufferInitialFillPercentage : 90;
    add_int(list, "maxrate", rate);
    add_int(list, "bufsize", size);
    add_int(list, "rc_init_occupancy", size * fill / 100);
    return rate;
}

static void decide_rate(struct build *build, struct option_list *list,
                        const struct h264_settings *h264, int64_t segment_us, const char *label,
                        struct plan_video *video)
{
    const struct plan_picture *picture = &build->plan->pictures[video->picture];
    switch (h264->RateControlMode) {
    case H264_RATE_CONTROL_MODE_QVBR: {
        struct plan_qvbr *qvbr = &video->qvbr;
        qvbr->level = qvbr_level(h264, picture->width, picture->height, video->frame_rate);
        qvbr->crf =
            qvbr_crf(qvbr->level, picture->height) + (build->options->draft ? DRAFT_CRF_MORE : 0);
        add(list, "crf", arena_printf(list->arena, "%g", qvbr->crf));
        decide_buffer(list, h264, segment_us);
        video->max_bitrate = video->name_bitrate = h264->MaxBitrate;
        break;
    }
    case H264_RATE_CONTROL_MODE_VBR:
        add_int(list, "b", h264->Bitrate);
        if (h264->has_MaxBitrate) {
            int64_t rate = decide_buffer(list, h264, segment_us);
            if (rate < h264->Bitrate)
                source_add_info(build,
                                "%s: Bitrate [%lld] is so near to MaxBitrate [%lld] that the mean "
                                "will be below %lld: else segments could have more than "
                                "MaxBitrate. A larger MaxBitrate or an HrdBufferSize of your own "
                                "leaves room",
                                label, (long long)h264->Bitrate, (long long)h264->MaxBitrate,
                                (long long)rate);
        }
        video->max_bitrate = h264->has_MaxBitrate ? h264->MaxBitrate : 0;
        video->name_bitrate = h264->Bitrate;
        break;
    case H264_RATE_CONTROL_MODE_CBR:
        add_int(list, "b", h264->Bitrate);
        add_int(list, "maxrate", h264->Bitrate);
        add_int(list, "bufsize", h264->HrdBufferSize ? h264->HrdBufferSize : h264->Bitrate);
        add(list, "nal-hrd", "cbr");
        video->max_bitrate = video->name_bitrate = h264->Bitrate;
        break;
    }
}

/* ---- structure of the stream ---- */

static const struct {
    enum h264_codec_profile name;
    const char *profile;
    enum AVPixelFormat format;
} profiles[] = {
    {H264_CODEC_PROFILE_BASELINE, "baseline", AV_PIX_FMT_YUV420P},
    {H264_CODEC_PROFILE_MAIN, "main", AV_PIX_FMT_YUV420P},
    {H264_CODEC_PROFILE_HIGH, "high", AV_PIX_FMT_YUV420P},
    {H264_CODEC_PROFILE_HIGH_10BIT, "high10", AV_PIX_FMT_YUV420P10},
    {H264_CODEC_PROFILE_HIGH_422, "high422", AV_PIX_FMT_YUV422P},
    {H264_CODEC_PROFILE_HIGH_422_10BIT, "high422", AV_PIX_FMT_YUV422P10},
};

/* "LEVEL_4_1" → "4.1"; NULL for AUTO */
static const char *level_name(struct arena *arena, enum h264_codec_level level)
{
    const char *name = h264_codec_level_choices[level].name;
    if (level == H264_CODEC_LEVEL_AUTO)
        return NULL;
    char *text = arena_strdup(arena, name + strlen("LEVEL_"));
    for (char *c = text; *c; c++)
        if (*c == '_')
            *c = '.';
    return text;
}

static int decide_profile(struct option_list *list, const struct h264_settings *h264,
                          struct plan_video *video, enum AVPixelFormat *ret_format,
                          struct error *err)
{
    for (size_t i = 0; i < COUNT(profiles); i++) {
        if (profiles[i].name == h264->CodecProfile) {
            video->profile = profiles[i].profile;
            *ret_format = profiles[i].format;
            add(list, "profile", video->profile);
            video->level = level_name(list->arena, h264->CodecLevel);
            if (video->level)
                add(list, "level", video->level);
            return 0;
        }
    }
    return error_set(err, ERROR_BUG, "no x264 profile for CodecProfile %d",
                     (int)h264->CodecProfile);
}

static void decide_structure(struct option_list *list, const struct h264_settings *h264,
                             int gop_frames, bool draft)
{
    bool baseline = h264->CodecProfile == H264_CODEC_PROFILE_BASELINE;
    int64_t bframes = baseline ? 0
                      : h264->has_NumberBFramesBetweenReferenceFrames
                          ? h264->NumberBFramesBetweenReferenceFrames
                          : 3;
    /* CAVLC is faster; with B frames the profile that players are told remains the same. */
    bool cavlc =
        baseline || h264->EntropyEncoding == H264_ENTROPY_ENCODING_CAVLC || (draft && bframes);
    add(list, "coder", cavlc ? "vlc" : "cabac");
    add_int(list, "bf", bframes);
    if (bframes && !draft)
        add(list, "b_strategy", h264->DynamicSubGop == H264_DYNAMIC_SUB_GOP_STATIC ? "0" : "1");
    add(list, "b-pyramid",
        h264->GopBReference == H264_GOP_B_REFERENCE_ENABLED && bframes > 1 ? "normal" : "none");

    add(list, "forced-idr", "1");
    if (h264->SceneChangeDetect != H264_SCENE_CHANGE_DETECT_DISABLED && !draft) {
        /* Below min-keyint a scene cut is an I frame, not an IDR; it may be half of keyint at most,
         * unless that is infinite. */
        add_param(list, "keyint=infinite:min-keyint=1000000:scenecut=40");
    } else {
        /* A lookahead that knows where IDRs will be spends no bits on what nothing refers to. 1
         * would be another kind of stream. */
        add_param(list, arena_printf(list->arena, "keyint=%d:scenecut=0",
                                     gop_frames > 1 ? gop_frames : 2));
    }
    if (h264->Softness == 1 || h264->Softness == 16)
        add_param(list, "cqm=jvt");
}

/* Rows that name an encoder option need nothing else. */
static void add_direct(struct option_list *list, const struct h264_settings *h264, bool draft)
{
    for (const struct setting *row = h264_settings_structure.rows; row->name; row++) {
        bool given = *(const bool *)((const char *)h264 + row->has_offset);
        if (row->avoption && row->type == TYPE_INT && given && strcmp(row->avoption, "bf") &&
            !(draft && strcmp(row->avoption, "refs") == 0))
            add_int(list, row->avoption, *(const int64_t *)((const char *)h264 + row->offset));
    }
}

static AVRational decide_frame_rate(const struct plan_source *source,
                                    const struct h264_settings *h264)
{
    if (h264->FramerateControl != H264_FRAMERATE_CONTROL_SPECIFIED)
        return source->frame_rate;
    AVRational rate;
    av_reduce(&rate.num, &rate.den, h264->FramerateNumerator, h264->FramerateDenominator, 1001000);
    return rate;
}

static AVRational decide_sar(const struct plan_source *source, const struct h264_settings *h264)
{
    if (h264->ParControl != H264_PAR_CONTROL_SPECIFIED)
        return source->sar;
    AVRational sar;
    av_reduce(&sar.num, &sar.den, h264->ParNumerator, h264->ParDenominator, 65535);
    return sar;
}

/* AUTO, or no size: about two seconds, so that segments hold a whole number of GOPs. */
static int decide_gop(const struct h264_settings *h264, AVRational frame_rate, int64_t segment_us)
{
    double length = (double)segment_us / 1e6;
    double seconds = segment_us ? length / fmax(round(length / 2), 1) : 2;
    double frames = fmin(seconds, 60) * av_q2d(frame_rate);
    if (h264->has_GopSize && h264->GopSize > 0 && h264->GopSizeUnits != H264_GOP_SIZE_UNITS_AUTO)
        frames = h264->GopSizeUnits == H264_GOP_SIZE_UNITS_SECONDS
                     ? h264->GopSize * av_q2d(frame_rate)
                     : h264->GopSize;
    return frames < 1 ? 1 : frames > 100000 ? 100000 : (int)lround(frames);
}

int video_segment_frames(const struct plan_video *video, int64_t segment_us, bool round_up)
{
    double gops = (double)segment_us / 1e6 * av_q2d(video->frame_rate) / video->gop_frames;
    gops = round_up ? ceil(gops - 1e-9) : round(gops);
    return (int)fmin(fmax(gops, 1) * video->gop_frames, 1e9);
}

static bool same_video(const struct plan_video *a, const struct plan_video *b)
{
    if (a->picture != b->picture || av_cmp_q(a->frame_rate, b->frame_rate) ||
        a->gop_frames != b->gop_frames || a->passes != b->passes ||
        a->write_colour != b->write_colour || a->options_count != b->options_count)
        return false;
    for (int i = 0; i < a->options_count; i++)
        if (strcmp(a->options[i].name, b->options[i].name) ||
            strcmp(a->options[i].value, b->options[i].value))
            return false;
    return true;
}

int video_build(struct build *build, const struct video_description *description,
                int64_t segment_us, bool round_up, struct plan_output *output, struct error *err)
{
    struct plan *plan = build->plan;
    const struct h264_settings *h264 = description->CodecSettings->H264Settings;
    struct option_list list = {.arena = build->arena,
                               .items =
                                   ARENA_ARRAY(build->arena, struct plan_option, MOST_OPTIONS)};
    struct plan_video video = {
        .frame_rate = decide_frame_rate(&plan->source, h264),
        .write_colour = description->ColorMetadata != COLOR_METADATA_IGNORE,
        .passes = h264->QualityTuningLevel == H264_QUALITY_TUNING_LEVEL_MULTI_PASS_HQ &&
                          !build->options->draft
                      ? 2
                      : 1,
    };
    /* x264 cannot make two passes of a constant quality; its VBV and lookahead do what can be done.
     */
    if (h264->RateControlMode == H264_RATE_CONTROL_MODE_QVBR)
        video.passes = 1;

    if (av_cmp_q(video.frame_rate, (AVRational){1, 1}) < 0 ||
        av_cmp_q(video.frame_rate, (AVRational){120, 1}) > 0)
        return error_set(err, ERROR_SETTINGS, "Frame rate [%d/%d] is not between 1 and 120",
                         video.frame_rate.num, video.frame_rate.den);

    decide_effort(&list, h264, build->options->draft);
    enum AVPixelFormat format = AV_PIX_FMT_NONE;
    if (decide_profile(&list, h264, &video, &format, err) < 0 ||
        picture_build(build, description, decide_sar(&plan->source, h264), format, &video.picture,
                      err) < 0)
        return -1;
    video.gop_frames = decide_gop(h264, video.frame_rate, segment_us);
    if (segment_us)
        segment_us = av_rescale_q(video_segment_frames(&video, segment_us, round_up),
                                  av_inv_q(video.frame_rate), AV_TIME_BASE_Q);
    decide_rate(build, &list, h264, segment_us, output->label, &video);
    if (!build->options->draft)
        decide_quantization(&list, h264, &video);
    decide_structure(&list, h264, video.gop_frames, build->options->draft);
    add_direct(&list, h264, build->options->draft);
    add(&list, "x264-params", list.x264_params);
    video.options = list.items;
    video.options_count = list.count;

    for (int i = 0; i < plan->videos_count; i++) {
        if (same_video(&plan->videos[i], &video)) {
            output->video = i;
            return 0;
        }
    }
    plan->videos[plan->videos_count] = video;
    output->video = plan->videos_count++;
    return 0;
}

int capture_build(struct build *build, const struct video_description *video,
                  struct plan_capture *ret, struct error *err)
{
    const struct frame_capture_settings *settings = video->CodecSettings->FrameCaptureSettings;
    *ret = (struct plan_capture){
        .frame_rate = build->plan->source.frame_rate,
        .numerator = settings->FramerateNumerator,
        .denominator = settings->FramerateDenominator,
        .max_captures = settings->has_MaxCaptures ? (int)settings->MaxCaptures : 10000000,
        .quality = (int)settings->Quality,
    };
    /* A JPEG has square pixels. */
    return picture_build(build, video, (AVRational){1, 1}, AV_PIX_FMT_YUV420P, &ret->picture, err);
}
