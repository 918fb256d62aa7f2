/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <libavutil/avutil.h>
#include <libavutil/pixdesc.h>

/* Audio that begins earlier than the video by less than this loses its head; by more, the first
 * picture is held. It is the service's own threshold for telling about dropped audio. */
enum { AUDIO_LEAD_US = 100 * 1000, MOST_LEAD_US = 60 * 1000 * 1000 };
static const int64_t MOST_OFFSET_US = 3600LL * 1000 * 1000;

void source_add_info(struct build *build, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);

    struct plan *plan = build->plan;
    const char **infos = ARENA_ARRAY(build->arena, const char *, plan->infos_count + 1);
    for (int i = 0; i < plan->infos_count; i++)
        infos[i] = plan->infos[i];
    infos[plan->infos_count++] = arena_strdup(build->arena, line);
    plan->infos = infos;
}

static int check_decodable(const struct probe_track *track, struct error *err)
{
    if (track->decodable)
        return 0;
    return error_set(err, ERROR_UNSUPPORTED, "Unsupported codec [%s] in track [%d]",
                     track->codec_name, track->index + 1);
}

/* ---- video ---- */

static bool is_picked(const struct build *build, const struct probe_track *track)
{
    const struct video_selector *selector = build->input->VideoSelector;
    if (track->type != AVMEDIA_TYPE_VIDEO || track->attached_picture)
        return false;
    if (selector && selector->has_Pid)
        return track->id == selector->Pid;
    if (selector && selector->has_ProgramNumber)
        return track->program == selector->ProgramNumber;
    return true;
}

/* The first video stream that the selector allows, of the program that the input names if it is
 * there: "if the program you specify doesn't exist, the service uses the first". */
static const struct probe_track *pick_video(const struct build *build)
{
    const struct probe_track *first = NULL;
    for (int i = 0; i < build->probe->tracks_count; i++) {
        const struct probe_track *track = &build->probe->tracks[i];
        if (!is_picked(build, track))
            continue;
        if (build->input->has_ProgramNumber && track->program == build->input->ProgramNumber)
            return track;
        if (!first)
            first = track;
    }
    return first;
}

static const struct {
    enum color_space name;
    struct plan_colour colour;
} color_spaces[] = {
    {COLOR_SPACE_REC_601, {0, AVCOL_PRI_SMPTE170M, AVCOL_TRC_SMPTE170M, AVCOL_SPC_SMPTE170M}},
    {COLOR_SPACE_REC_709, {0, AVCOL_PRI_BT709, AVCOL_TRC_BT709, AVCOL_SPC_BT709}},
    {COLOR_SPACE_HDR10, {0, AVCOL_PRI_BT2020, AVCOL_TRC_SMPTE2084, AVCOL_SPC_BT2020_NCL}},
    {COLOR_SPACE_HLG_2020, {0, AVCOL_PRI_BT2020, AVCOL_TRC_ARIB_STD_B67, AVCOL_SPC_BT2020_NCL}},
    {COLOR_SPACE_P3DCI, {0, AVCOL_PRI_SMPTE431, AVCOL_TRC_SMPTE428, AVCOL_SPC_BT709}},
    {COLOR_SPACE_P3D65_SDR, {0, AVCOL_PRI_SMPTE432, AVCOL_TRC_BT709, AVCOL_SPC_BT709}},
    {COLOR_SPACE_P3D65_HDR, {0, AVCOL_PRI_SMPTE432, AVCOL_TRC_SMPTE2084, AVCOL_SPC_BT709}},
};

/* What the pixels mean: the input's word, unless the selector has a better one. Values are never
 * converted between colour spaces; RGB becomes the YUV that a screen of its size expects. */
static struct plan_colour decide_colour(const struct build *build, const struct probe_track *track)
{
    const struct video_selector *selector = build->input->VideoSelector;
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(track->format);
    struct plan_colour colour = {track->range, track->primaries, track->transfer, track->matrix};
    if (pixels && !strncmp(pixels->name, "yuvj", 4))
        colour.range = AVCOL_RANGE_JPEG;
    if (pixels && pixels->flags & AV_PIX_FMT_FLAG_RGB) {
        colour.matrix = track->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
        colour.range = AVCOL_RANGE_MPEG;
    }
    if (!selector)
        return colour;

    bool unknown =
        colour.primaries == AVCOL_PRI_UNSPECIFIED && colour.matrix == AVCOL_SPC_UNSPECIFIED;
    bool fallback = selector->ColorSpaceUsage == COLOR_SPACE_USAGE_FALLBACK;
    for (size_t i = 0; i < COUNT(color_spaces); i++) {
        if (color_spaces[i].name == selector->ColorSpace && (!fallback || unknown)) {
            enum AVColorRange range = colour.range;
            colour = color_spaces[i].colour;
            colour.range = range;
        }
    }
    if (selector->SampleRange == INPUT_SAMPLE_RANGE_FULL_RANGE)
        colour.range = AVCOL_RANGE_JPEG;
    if (selector->SampleRange == INPUT_SAMPLE_RANGE_LIMITED_RANGE)
        colour.range = AVCOL_RANGE_MPEG;
    return colour;
}

/* Degrees clockwise. By default the service turns nothing, even where the input asks for it. */
static int decide_rotation(struct build *build, const struct probe_track *track)
{
    const struct video_selector *selector = build->input->VideoSelector;
    if (selector && selector->has_Rotate) {
        switch (selector->Rotate) {
        case INPUT_ROTATE_DEGREE_0:
            return 0;
        case INPUT_ROTATE_DEGREES_90:
            return 90;
        case INPUT_ROTATE_DEGREES_180:
            return 180;
        case INPUT_ROTATE_DEGREES_270:
            return 270;
        case INPUT_ROTATE_AUTO:
            return track->rotation;
        }
    }
    if (track->rotation)
        source_add_info(
            build,
            "the input asks players to turn it by %d degrees; the outputs are not turned. "
            "To turn them upright, set Rotate: AUTO in the input's VideoSelector",
            track->rotation);
    return 0;
}

static void append_filter(struct build *build, const char *filter)
{
    const char *filters = build->plan->source.filters;
    build->plan->source.filters =
        filters ? arena_printf(build->arena, "%s,%s", filters, filter) : filter;
}

static void decide_filters(struct build *build, int rotation, bool mirrored)
{
    static const char *const turns[4][2] = {
        {NULL, "vflip"},
        {"transpose=clock", "transpose=cclock_flip"},
        {"hflip,vflip", "hflip"},
        {"transpose=cclock", "transpose=clock_flip"},
    };
    const struct input *input = build->input;
    const char *turn = turns[rotation / 90][mirrored];
    if (turn)
        append_filter(build, turn);
    /* AUTO leaves it to the service "depending on input type and quality"; we leave the input be.
     */
    if (input->FilterEnable != INPUT_FILTER_ENABLE_FORCE)
        return;
    double strength = 1 + 0.18 * (double)input->FilterStrength; /* -5 … 5 → 0.1 … 1.9 */
    if (input->DeblockFilter == INPUT_DEBLOCK_FILTER_ENABLED)
        append_filter(build,
                      input->FilterStrength > 2 ? "deblock=filter=strong" : "deblock=filter=weak");
    if (input->DenoiseFilter == INPUT_DENOISE_FILTER_ENABLED)
        append_filter(build, arena_printf(build->arena, "hqdn3d=%.2f:%.2f:%.2f:%.2f", 4 * strength,
                                          3 * strength, 6 * strength, 4.5 * strength));
}

static int decide_video(struct build *build, struct error *err)
{
    struct plan_source *source = &build->plan->source;
    const struct probe_track *track = pick_video(build);
    if (!track)
        return error_set(err, ERROR_NO_VIDEO, "No video stream found in input [%s]",
                         build->probe->uri);
    if (check_decodable(track, err) < 0)
        return -1;
    if (track->width <= 0 || track->height <= 0)
        return error_set(err, ERROR_DEMUXER, "No picture size found in track [%d]",
                         track->index + 1);

    int rotation = decide_rotation(build, track);
    bool sideways = rotation % 180 != 0;
    AVRational sar = track->sar.num ? track->sar : (AVRational){1, 1};
    source->video = track->index;
    source->width = sideways ? track->height : track->width;
    source->height = sideways ? track->width : track->height;
    source->sar = sideways ? av_inv_q(sar) : sar;
    source->frame_rate = track->frame_rate;
    source->colour = decide_colour(build, track);
    source->start_us = track->start_us == AV_NOPTS_VALUE ? 0 : track->start_us;
    source->duration_us = track->duration_us ? track->duration_us : build->probe->duration_us;
    source->pad_with_black =
        build->input->VideoSelector && build->input->VideoSelector->PadVideo == PAD_VIDEO_BLACK;
    /* With two cores the encoders fill the machine; frame threads would only hold more frames. */
    source->decoder_threads = build->options->threads <= 2   ? 1
                              : build->options->threads < 16 ? build->options->threads
                                                             : 16;
    bool follows = build->input->VideoSelector && build->input->VideoSelector->has_Rotate &&
                   build->input->VideoSelector->Rotate == INPUT_ROTATE_AUTO;
    decide_filters(build, rotation, follows && track->mirrored);
    return 0;
}

/* Fields are not made into frames yet; frames are what a deinterlacer leaves as they are. */
static int check_deinterlacer(const struct build *build, const struct video_description *video,
                              struct error *err)
{
    const struct probe_track *track = &build->probe->tracks[build->plan->source.video];
    const struct video_preprocessor *before = video ? video->VideoPreprocessors : NULL;
    if (!before || !before->Deinterlacer || track->field_order <= AV_FIELD_PROGRESSIVE)
        return 0;
    error_set(err, ERROR_SETTINGS,
              "Track [%d] is interlaced: deinterlacing it is not supported yet", track->index + 1);
    snprintf(err->at, sizeof(err->at), "%s", before->Deinterlacer->place.pointer);
    return -1;
}

/* ---- audio ---- */

/* "If an input does not have [that selector], then the one marked as default is used; if there is
 * none, silence"; without AudioSourceName it is the first. */
static const struct audio_selector *find_selector(const struct build *build, const char *name)
{
    for (struct audio_selector **s = build->input->AudioSelectors; *s; s++)
        if (!strcmp((*s)->place.name, name))
            return *s;
    for (struct audio_selector **s = build->input->AudioSelectors; *s; s++)
        if ((*s)->DefaultSelection == AUDIO_DEFAULT_SELECTION_DEFAULT)
            return *s;
    return NULL;
}

/* Languages with two codes in ISO 639-2, one after the language's own name and one after English.
 */
static const char *const two_codes[][2] = {
    {"alb", "sqi"}, {"arm", "hye"}, {"baq", "eus"}, {"bur", "mya"}, {"chi", "zho"},
    {"cze", "ces"}, {"dut", "nld"}, {"fre", "fra"}, {"geo", "kat"}, {"ger", "deu"},
    {"gre", "ell"}, {"ice", "isl"}, {"mac", "mkd"}, {"mao", "mri"}, {"may", "msa"},
    {"per", "fas"}, {"rum", "ron"}, {"slo", "slk"}, {"tib", "bod"}, {"wel", "cym"},
};

static bool same_language(const char *a, const char *b)
{
    if (!a || !b || !strcasecmp(a, b))
        return a && b;
    for (size_t i = 0; i < COUNT(two_codes); i++)
        if ((!strcasecmp(a, two_codes[i][0]) && !strcasecmp(b, two_codes[i][1])) ||
            (!strcasecmp(a, two_codes[i][1]) && !strcasecmp(b, two_codes[i][0])))
            return true;
    return false;
}

static const char *selector_language(const struct audio_selector *selector)
{
    if (selector->CustomLanguageCode)
        return selector->CustomLanguageCode;
    return selector->has_LanguageCode ? language_code_choices[selector->LanguageCode].name : NULL;
}

/* By what the selector picks: SelectorType says it, else what is given does. */
static enum audio_selector_type selector_type(const struct audio_selector *selector)
{
    if (selector->has_SelectorType)
        return selector->SelectorType;
    if (selector->Pids.count)
        return AUDIO_SELECTOR_TYPE_PID;
    if (!selector->Tracks.count && selector_language(selector))
        return AUDIO_SELECTOR_TYPE_LANGUAGE_CODE;
    return AUDIO_SELECTOR_TYPE_TRACK;
}

/* `number` counts the input's audio tracks from 1. What is not said takes the first. */
static bool selector_takes(const struct audio_selector *selector, const struct probe_track *track,
                           int number)
{
    switch (selector_type(selector)) {
    case AUDIO_SELECTOR_TYPE_PID:
        return !selector->Pids.count || selector->Pids.items[0] == track->id;
    case AUDIO_SELECTOR_TYPE_LANGUAGE_CODE:
        return !selector_language(selector) ||
               same_language(selector_language(selector), track->language);
    default:
        return !selector->Tracks.count || selector->Tracks.items[0] == number;
    }
}

/* Whether audio belongs to the program whose video is shown; without programs, all does. */
static bool in_program(const struct build *build, const struct probe_track *track)
{
    int video = build->plan->source.video;
    int program = video < 0 ? 0 : build->probe->tracks[video].program;
    return !program || !track->program || track->program == program;
}

static const struct probe_track *
pick_audio(const struct build *build, const struct audio_selector *selector, int *ret_audio_tracks)
{
    const struct probe_track *picked = NULL;
    int number = 0;
    for (int i = 0; i < build->probe->tracks_count; i++) {
        const struct probe_track *track = &build->probe->tracks[i];
        if (track->type != AVMEDIA_TYPE_AUDIO || !in_program(build, track))
            continue;
        number++;
        if (!picked && selector_takes(selector, track, number))
            picked = track;
    }
    *ret_audio_tracks = number;
    return picked;
}

static int64_t earliest_audio(const struct probe *probe)
{
    int64_t earliest = AV_NOPTS_VALUE;
    for (int i = 0; i < probe->tracks_count; i++) {
        int64_t start = probe->tracks[i].start_us;
        if (probe->tracks[i].type == AVMEDIA_TYPE_AUDIO && start != AV_NOPTS_VALUE &&
            (earliest == AV_NOPTS_VALUE || start < earliest))
            earliest = start;
    }
    return earliest == AV_NOPTS_VALUE ? 0 : earliest;
}

/* Silence stands in for missing audio beside video; a job of audio alone would make nothing else.
 */
static bool all_silent(const struct plan *plan)
{
    for (int i = 0; i < plan->tracks_count; i++)
        if (plan->tracks[i].stream >= 0)
            return false;
    return true;
}

/* Holds back time zero for audio that begins well before the video. */
static void lead_in(struct plan_source *source, const struct probe_track *track)
{
    if (track->start_us == AV_NOPTS_VALUE)
        return;
    int64_t lead = source->start_us - track->start_us;
    if (lead > (source->video < 0 ? 0 : AUDIO_LEAD_US) && lead < MOST_LEAD_US)
        source->start_us = track->start_us;
}

int source_track(struct build *build, const struct audio_description *audio, int *ret,
                 struct error *err)
{
    struct plan *plan = build->plan;
    const char *name = audio->AudioSourceName ? audio->AudioSourceName : "Audio Selector 1";
    for (int i = 0; i < plan->tracks_count; i++) {
        if (!strcmp(plan->tracks[i].selector, name)) {
            *ret = i;
            return 0;
        }
    }

    struct plan_track *track = &plan->tracks[plan->tracks_count];
    *track = (struct plan_track){.selector = name, .stream = -1};
    const struct audio_selector *selector = find_selector(build, name);
    int audio_tracks = 0;
    const struct probe_track *picked = selector ? pick_audio(build, selector, &audio_tracks) : NULL;
    if (selector && !picked && audio_tracks)
        return error_set(err, ERROR_NO_AUDIO,
                         "No audio frames decoded on [selector-(%s)]: the input has no such track",
                         name);
    if (picked) {
        if (check_decodable(picked, err) < 0)
            return -1;
        track->stream = picked->index;
        track->language = picked->language;
        track->offset_us = selector->Offset * 1000;
        if (track->offset_us > MOST_OFFSET_US || track->offset_us < -MOST_OFFSET_US)
            return error_set(err, ERROR_SETTINGS, "Offset of audio selector [%s] is over an hour",
                             name);
    } else {
        source_add_info(build, "the input has no audio for '%s'; the outputs get silence", name);
    }
    *ret = plan->tracks_count++;
    return 0;
}

int source_build(struct build *build, bool needs_video, struct error *err)
{
    struct plan_source *source = &build->plan->source;
    *source = (struct plan_source){.probe = build->probe,
                                   .video = -1,
                                   .duration_us = build->probe->duration_us,
                                   .sar = {1, 1},
                                   .frame_rate = {25, 1}};
    if (needs_video && decide_video(build, err) < 0)
        return -1;
    if (!needs_video)
        source->start_us = earliest_audio(build->probe);

    for (struct output_group **g = build->job->Settings->OutputGroups; *g; g++)
        for (struct output **o = (*g)->Outputs; *o; o++) {
            if (needs_video && check_deinterlacer(build, (*o)->VideoDescription, err) < 0)
                return -1;
            for (struct audio_description **a = (*o)->AudioDescriptions; *a; a++) {
                int track;
                if (source_track(build, *a, &track, err) < 0)
                    return -1;
                if (build->plan->tracks[track].stream >= 0)
                    lead_in(source, &build->probe->tracks[build->plan->tracks[track].stream]);
            }
        }
    if (!needs_video && all_silent(build->plan))
        return error_set(err, ERROR_NO_AUDIO, "No audio stream found in input [%s]",
                         build->probe->uri);
    return 0;
}
