/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HLS_GROUP: renditions cut into segments, a child playlist for each, one top-level playlist.
 *
 *   s3://bucket/path/BASE.m3u8                          top-level
 *   s3://bucket/path/BASE_360.m3u8                      child, NameModifier _360
 *   s3://bucket/path/BASE_360[SegmentModifier]_00001.ts segments, counted from 1
 */
#include <math.h>
#include <string.h>

#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>

#include "plan/build.h"

/* PtsOffsetMode AUTO: the service promises "at least two seconds" and varies it with the buffer.
 * One value for the whole group keeps its timelines comparable; players know ten from Apple's
 * tools. */
enum { AUTO_PTS_OFFSET_US = 10 * 1000 * 1000 };

static const struct m3u8_settings *m3u8_of(const struct output *settings)
{
    return settings->ContainerSettings->M3u8Settings;
}

static const struct hls_settings *hls_of(const struct output *settings)
{
    return settings->OutputSettings ? settings->OutputSettings->HlsSettings : NULL;
}

static int decide_ts(const struct output *settings, struct plan_ts *ts, struct error *err)
{
    const struct m3u8_settings *m3u8 = m3u8_of(settings);
    ts->video_pid = (int)m3u8->VideoPid;
    ts->pmt_pid = (int)m3u8->PmtPid;
    ts->program_number = m3u8->ProgramNumber ? (int)m3u8->ProgramNumber : 1;
    ts->transport_stream_id = m3u8->TransportStreamId ? (int)m3u8->TransportStreamId : 1;
    ts->audio_frames_per_pes = m3u8->AudioFramesPerPes > 1 ? (int)m3u8->AudioFramesPerPes : 1;
    ts->pat_interval_ms = (int)m3u8->PatInterval;
    ts->pmt_interval_ms = (int)m3u8->PmtInterval;
    for (int i = 0; i < m3u8->AudioPids.count && i < PLAN_MAX_AUDIOS; i++)
        ts->audio_pids[i] = (int)m3u8->AudioPids.items[i];
    if (m3u8->PcrControl == M3U8_PCR_CONTROL_CONFIGURED_PCR_PERIOD)
        ts->pcr_interval_ms = m3u8->has_MaxPcrInterval ? (int)m3u8->MaxPcrInterval : 80;
    if (m3u8->has_PcrPid && settings->VideoDescription && m3u8->PcrPid != m3u8->VideoPid)
        return error_set(err, ERROR_SETTINGS,
                         "PcrPid [%d] is not VideoPid [%d]: a PCR PID of its own is not supported",
                         (int)m3u8->PcrPid, ts->video_pid);

    ts->pts_offset_us = AUTO_PTS_OFFSET_US;
    if (m3u8->PtsOffsetMode == TS_PTS_OFFSET_SECONDS)
        ts->pts_offset_us = m3u8->PtsOffset * 1000000;
    if (m3u8->PtsOffsetMode == TS_PTS_OFFSET_MILLISECONDS)
        ts->pts_offset_us = m3u8->PtsOffset * 1000;
    return 0;
}

static bool rounds_up(const struct hls_group_settings *hls)
{
    return hls->SegmentLengthControl == HLS_SEGMENT_LENGTH_CONTROL_GOP_MULTIPLE;
}

static void decide_segment(const struct hls_group_settings *hls, const struct plan_video *video,
                           struct plan_rendition *rendition)
{
    rendition->segment_us = hls->SegmentLength * 1000000;
    if (!video)
        return;
    rendition->segment_frames = video_segment_frames(video, rendition->segment_us, rounds_up(hls));
    rendition->segment_us =
        av_rescale_q(rendition->segment_frames, av_inv_q(video->frame_rate), AV_TIME_BASE_Q);
}

/* "a,b" → {"a", "b", NULL} */
static const char *const *split_sets(struct arena *arena, const char *sets)
{
    const char **list = ARENA_ARRAY(arena, const char *, (sets ? strlen(sets) : 0) + 2);
    int count = 0;
    while (sets && *sets) {
        sets += strspn(sets, ", ");
        size_t length = strcspn(sets, ",");
        if (length)
            list[count++] = arena_strndup(arena, sets, length);
        sets += length;
    }
    return list;
}

static void decide_audio_role(const struct hls_settings *hls, struct plan_rendition *rendition)
{
    enum hls_audio_track_type type = HLS_AUDIO_TRACK_TYPE_ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT;
    if (hls && hls->has_AudioTrackType)
        type = hls->AudioTrackType;
    else if (!hls || !hls->AudioGroupId)
        type = HLS_AUDIO_TRACK_TYPE_AUDIO_ONLY_VARIANT_STREAM;
    rendition->audio_only_variant = type == HLS_AUDIO_TRACK_TYPE_AUDIO_ONLY_VARIANT_STREAM;
    rendition->is_default = type == HLS_AUDIO_TRACK_TYPE_ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT;
    rendition->autoselect = type != HLS_AUDIO_TRACK_TYPE_ALTERNATE_AUDIO_NOT_AUTO_SELECT;
    rendition->audio_group = hls && hls->AudioGroupId ? hls->AudioGroupId : "program_audio";
    rendition->descriptive_video =
        hls && hls->DescriptiveVideoServiceFlag == HLS_DESCRIPTIVE_VIDEO_SERVICE_FLAG_FLAG;
}

static int decide_names(struct build *build, const struct hls_group_settings *group,
                        const char *destination, struct plan_output *output, struct error *err)
{
    const struct output *settings = output->settings;
    const struct hls_settings *hls = hls_of(settings);
    struct plan_rendition *rendition = &output->rendition;
    struct name_values values = {.output = output, .extension = "m3u8"};
    const char *modifier, *segment_modifier;
    if (name_expand(build, settings->NameModifier, &values, settings->place.pointer, &modifier,
                    err) < 0)
        return -1;
    values.segment = true;
    if (name_expand(build, hls ? hls->SegmentModifier : NULL, &values, settings->place.pointer,
                    &segment_modifier, err) < 0)
        return -1;

    const char *base = strrchr(destination, '/') + 1;
    const char *name = arena_printf(build->arena, "%s%s", base, modifier);
    int folder = (int)(base - destination);
    bool own_folder = group->DirectoryStructure == HLS_DIRECTORY_STRUCTURE_SUBDIRECTORY_PER_STREAM;
    rendition->subdirectory = own_folder ? arena_printf(build->arena, "%s/", name) : "";
    rendition->playlist_path = arena_printf(build->arena, "%s.m3u8", name);
    rendition->playlist_uri = arena_printf(build->arena, "%s%s.m3u8", destination, modifier);
    rendition->segment_prefix = arena_printf(build->arena, "%.*s", folder, destination);
    rendition->segment_name = name;
    rendition->segment_modifier = segment_modifier;
    rendition->uri_prefix = group->BaseUrl ? group->BaseUrl : "";
    output->uri = rendition->playlist_uri;
    return 0;
}

static int build_output(struct build *build, const struct hls_group_settings *group,
                        const char *destination, struct plan_output *output, struct error *err)
{
    struct plan *plan = build->plan;
    const struct output *settings = output->settings;
    const struct hls_settings *hls = hls_of(settings);
    bool audio_only = !settings->VideoDescription;
    bool as_ts = !audio_only || (hls && hls->AudioOnlyContainer == HLS_AUDIO_ONLY_CONTAINER_M2TS);
    bool match_video = m3u8_of(settings)->AudioDuration == M3U8_AUDIO_DURATION_MATCH_VIDEO_DURATION;

    output->container = as_ts ? CONTAINER_TS : CONTAINER_ADTS;
    output->content_type = as_ts ? "video/MP2T" : "audio/aac";
    output->rendition.segment_suffix = as_ts ? ".ts" : ".aac";
    output->rendition.timestamp_header =
        !as_ts && group->AudioOnlyHeader != HLS_AUDIO_ONLY_HEADER_EXCLUDE;
    output->rendition.audio_sets =
        split_sets(build->arena, !audio_only && hls ? hls->AudioRenditionSets : NULL);
    output->video = -1;
    if (!audio_only &&
        video_build(build, settings->VideoDescription, group->SegmentLength * 1000000,
                    rounds_up(group), output, err) < 0)
        return -1;
    decide_segment(group, audio_only ? NULL : &plan->videos[output->video], &output->rendition);
    if (audio_only)
        decide_audio_role(hls, &output->rendition);
    if (audio_build(build, settings, match_video, output, err) < 0 ||
        decide_ts(settings, &output->ts, err) < 0)
        return -1;
    return decide_names(build, group, destination, output, err);
}

/* Audio is cut where the group's first video is. */
static void align_audio(struct plan *plan, const struct plan_group *group)
{
    const struct plan_output *outputs = &plan->outputs[group->outputs_first];
    int64_t segment_us = 0;
    for (int i = 0; i < group->outputs_count && !segment_us; i++)
        if (outputs[i].video >= 0)
            segment_us = outputs[i].rendition.segment_us;
    for (int i = 0; i < group->outputs_count && segment_us; i++)
        if (outputs[i].video < 0)
            plan->outputs[group->outputs_first + i].rendition.segment_us = segment_us;
}

static bool has_audio_group(const struct plan *plan, const struct plan_group *group,
                            const char *name)
{
    for (int i = 0; i < group->outputs_count; i++) {
        const struct plan_output *output = &plan->outputs[group->outputs_first + i];
        if (output->video < 0 && !output->rendition.audio_only_variant &&
            strcmp(output->rendition.audio_group, name) == 0)
            return true;
    }
    return false;
}

/* A variant with its own sound may name renditions that nobody makes; no player may look for them.
 */
static void keep_known_sets(struct arena *arena, struct plan *plan, const struct plan_group *group)
{
    for (int i = 0; i < group->outputs_count; i++) {
        struct plan_rendition *rendition = &plan->outputs[group->outputs_first + i].rendition;
        int count = 0, kept = 0;
        while (rendition->audio_sets[count])
            count++;
        const char **known = ARENA_ARRAY(arena, const char *, count + 1);
        for (int j = 0; j < count; j++)
            if (has_audio_group(plan, group, rendition->audio_sets[j]))
                known[kept++] = rendition->audio_sets[j];
        rendition->audio_sets = known;
    }
}

/* "MediaConvert automatically sets the version": what the tags in use need. */
static int decide_version(const struct plan *plan, const struct plan_group *group)
{
    int version = group->hls.integer_durations ? 2 : 3;
    for (int i = 0; i < group->outputs_count; i++) {
        const struct plan_output *output = &plan->outputs[group->outputs_first + i];
        if ((output->video < 0 && !output->rendition.audio_only_variant) || group->hls.single_file)
            version = version < 4 ? 4 : version;
        if (output->rendition.descriptive_video)
            version = 5;
    }
    return version;
}

static void decide_group(const struct hls_group_settings *settings, struct plan_hls *hls)
{
    *hls = (struct plan_hls){
        .playlists = settings->OutputSelection != HLS_OUTPUT_SELECTION_SEGMENTS_ONLY,
        .single_file = settings->SegmentControl == HLS_SEGMENT_CONTROL_SINGLE_FILE,
        .integer_durations =
            settings->ManifestDurationFormat == HLS_MANIFEST_DURATION_FORMAT_INTEGER,
        .target_rounds_up = settings->TargetDurationCompatibilityMode !=
                            HLS_TARGET_DURATION_COMPATIBILITY_MODE_SPEC_COMPLIANT,
        .gzip = settings->ManifestCompression == HLS_MANIFEST_COMPRESSION_GZIP,
        .allow_cache_tag = settings->ClientCache == HLS_CLIENT_CACHE_DISABLED,
        .resolution = settings->StreamInfResolution != HLS_STREAM_INF_RESOLUTION_EXCLUDE,
        .captions_none = settings->CaptionLanguageSetting == HLS_CAPTION_LANGUAGE_SETTING_NONE,
        .min_final_us = (int64_t)(fmin(settings->MinFinalSegmentLength, 1e6) * 1e6),
        .segments_per_subdirectory =
            settings->has_SegmentsPerSubdirectory ? (int)settings->SegmentsPerSubdirectory : 0,
        .program_date_time = settings->ProgramDateTime == HLS_PROGRAM_DATE_TIME_INCLUDE,
        .date_time_period_us = settings->ProgramDateTimePeriod * 1000000,
    };
}

static int build_group(struct build *build, const struct output_group *settings,
                       struct plan_group *group, struct error *err)
{
    const struct hls_group_settings *hls = settings->OutputGroupSettings->HlsGroupSettings;
    const char *destination;
    if (name_destination(build, hls->Destination, hls->place.pointer, &destination, err) < 0)
        return -1;
    group->headers = name_headers(hls->DestinationSettings);
    decide_group(hls, &group->hls);
    group->hls.playlist_uri = arena_printf(build->arena, "%s.m3u8", destination);

    for (struct output **o = settings->Outputs; *o; o++) {
        struct plan_output *output = &build->plan->outputs[build->plan->outputs_count];
        output->settings = *o;
        output->group = build->plan->groups_count;
        output->label = arena_printf(build->arena, "output '%s'",
                                     (*o)->NameModifier ? (*o)->NameModifier : group->name);
        if (build_output(build, hls, destination, output, err) < 0)
            return error_add(err, "%s", output->label);
        build->plan->outputs_count++;
        group->outputs_count++;
    }
    align_audio(build->plan, group);
    keep_known_sets(build->arena, build->plan, group);
    group->hls.version = decide_version(build->plan, group);
    return 0;
}

const struct group_type group_hls = {
    .job_type = OUTPUT_GROUP_TYPE_HLS_GROUP_SETTINGS,
    .type = GROUP_HLS,
    .name = "HLS_GROUP",
    .build = build_group,
};
