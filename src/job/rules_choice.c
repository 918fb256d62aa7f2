/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of members that choose among objects: Codec, Type, Container, … Each value has one object
 * that is read with it, and may need it; the others are not read. */
#include "job/check.h"
#include "job/rules.h"

/* One value and its object; an object may stand in several lines. */
struct branch {
    unsigned value;
    const char *member;
    size_t has_offset;
    bool needed;
};

#define NEEDS(tag, value, member)                                                                  \
    {                                                                                              \
        value, #member, offsetof(struct tag, has_##member), true                                   \
    }
#define READS(tag, value, member)                                                                  \
    {                                                                                              \
        value, #member, offsetof(struct tag, has_##member), false                                  \
    }

/* A choice that was made: its member, what it may be, and what it is. */
struct decision {
    const struct place *place; /* of the structure that has both the choice and the objects */
    const char *member;        /* "Codec" */
    const struct choice *choices;
    unsigned value;
};

static bool is_given(const struct decision *made, const struct branch *branch)
{
    return *(const bool *)((const char *)made->place + branch->has_offset);
}

/* How many of the objects are there, each of which has one line. */
static int count_given(const struct decision *made, const struct branch *branches, size_t count)
{
    int given = 0;
    for (size_t i = 0; i < count; i++)
        given += is_given(made, &branches[i]);
    return given;
}

static void check_needed(const struct scope *scope, const struct decision *made,
                         const struct branch *branches, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (branches[i].value == made->value && branches[i].needed && !is_given(made, &branches[i]))
            require(scope, made->place, branches[i].member);
}

static bool is_read(const struct decision *made, const struct branch *branches, size_t count,
                    size_t has_offset)
{
    for (size_t i = 0; i < count; i++)
        if (branches[i].has_offset == has_offset && branches[i].value == made->value)
            return true;
    return false;
}

/* Warns of every object that belongs to other values; each once, by its first line. */
static void check_unread(const struct scope *scope, const struct decision *made,
                         const struct branch *branches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t object = branches[i].has_offset;
        bool again = i && branches[i - 1].has_offset == object;
        if (!again && is_given(made, &branches[i]) && !is_read(made, branches, count, object))
            warn(scope, made->place, branches[i].member, "Is not read: %s is %s",
                 wire_name(scope->arena, made->member), made->choices[made->value].name);
    }
}

static void check_branches(const struct scope *scope, const struct decision *made,
                           const struct branch *branches, size_t count)
{
    check_needed(scope, made, branches, count);
    check_unread(scope, made, branches, count);
}

/* All that the service says of an object whose value is not the one that was chosen. */
static void check_dependency(const struct scope *scope, const struct decision *made,
                             const struct branch *branch)
{
    if (branch->value == made->value || !is_given(made, branch))
        return;
    findings_begin_chain(scope->findings);
    refuse_also(scope, made->place, branch->member,
                "Should match all dependencies: See other errors for more details");
    refuse_also(scope, made->place, made->member, "Must be %s", made->choices[branch->value].name);
    findings_end_chain(scope->findings);
}

static const struct branch video_codecs[] = {
    NEEDS(video_codec_settings, VIDEO_CODEC_AV1, Av1Settings),
    NEEDS(video_codec_settings, VIDEO_CODEC_AVC_INTRA, AvcIntraSettings),
    NEEDS(video_codec_settings, VIDEO_CODEC_FRAME_CAPTURE, FrameCaptureSettings),
    NEEDS(video_codec_settings, VIDEO_CODEC_GIF, GifSettings),
    NEEDS(video_codec_settings, VIDEO_CODEC_H_264, H264Settings),
    NEEDS(video_codec_settings, VIDEO_CODEC_H_265, H265Settings),
    NEEDS(video_codec_settings, VIDEO_CODEC_MPEG2, Mpeg2Settings),
    READS(video_codec_settings, VIDEO_CODEC_PASSTHROUGH, PassthroughSettings),
    NEEDS(video_codec_settings, VIDEO_CODEC_PRORES, ProresSettings),
    NEEDS(video_codec_settings, VIDEO_CODEC_UNCOMPRESSED, UncompressedSettings),
    NEEDS(video_codec_settings, VIDEO_CODEC_VC3, Vc3Settings),
    NEEDS(video_codec_settings, VIDEO_CODEC_VP8, Vp8Settings),
    NEEDS(video_codec_settings, VIDEO_CODEC_VP9, Vp9Settings),
    NEEDS(video_codec_settings, VIDEO_CODEC_XAVC, XavcSettings),
};

/* Here the service does more than leave the other object unread. */
void rule_video_codec_settings(const struct scope *scope)
{
    const struct video_codec_settings *s = scope->video->CodecSettings;
    if (!s || !s->has_Codec)
        return;
    struct decision made = {&s->place, "Codec", video_codec_choices, s->Codec};
    if (s->Codec != VIDEO_CODEC_PASSTHROUGH &&
        !count_given(&made, video_codecs, COUNT(video_codecs)))
        refuse(scope, &s->place, NULL, "Should have at least 2 properties");
    for (size_t i = 0; i < COUNT(video_codecs); i++)
        check_dependency(scope, &made, &video_codecs[i]);
}

static const struct branch audio_codecs[] = {
    NEEDS(audio_codec_settings, AUDIO_CODEC_AAC, AacSettings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_AC3, Ac3Settings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_AC4, Ac4Settings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_AIFF, AiffSettings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_EAC3_ATMOS, Eac3AtmosSettings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_EAC3, Eac3Settings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_FLAC, FlacSettings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_MP2, Mp2Settings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_MP3, Mp3Settings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_OPUS, OpusSettings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_VORBIS, VorbisSettings),
    NEEDS(audio_codec_settings, AUDIO_CODEC_WAV, WavSettings),
};

void rule_audio_codec_settings(const struct scope *scope)
{
    const struct audio_codec_settings *s = scope->audio->CodecSettings;
    if (!s || !s->has_Codec)
        return;
    struct decision made = {&s->place, "Codec", audio_codec_choices, s->Codec};
    if (count_given(&made, audio_codecs, COUNT(audio_codecs)) > 1) /* the service's own words */
        refuse(scope, &s->place, NULL, "Should have at most 2 properties");
    else
        check_branches(scope, &made, audio_codecs, COUNT(audio_codecs));
}

static const struct branch group_types[] = {
    NEEDS(output_group_settings, OUTPUT_GROUP_TYPE_CMAF_GROUP_SETTINGS, CmafGroupSettings),
    NEEDS(output_group_settings, OUTPUT_GROUP_TYPE_DASH_ISO_GROUP_SETTINGS, DashIsoGroupSettings),
    NEEDS(output_group_settings, OUTPUT_GROUP_TYPE_FILE_GROUP_SETTINGS, FileGroupSettings),
    NEEDS(output_group_settings, OUTPUT_GROUP_TYPE_HLS_GROUP_SETTINGS, HlsGroupSettings),
    NEEDS(output_group_settings, OUTPUT_GROUP_TYPE_MS_SMOOTH_GROUP_SETTINGS, MsSmoothGroupSettings),
};

void rule_group_settings(const struct scope *scope)
{
    const struct output_group_settings *s = scope->group->OutputGroupSettings;
    if (s && s->has_Type)
        check_branches(scope,
                       &(struct decision){&s->place, "Type", output_group_type_choices, s->Type},
                       group_types, COUNT(group_types));
}

static const struct branch containers[] = {
    READS(container_settings, CONTAINER_TYPE_CMFC, CmfcSettings),
    READS(container_settings, CONTAINER_TYPE_F4V, F4vSettings),
    READS(container_settings, CONTAINER_TYPE_M2TS, M2tsSettings),
    READS(container_settings, CONTAINER_TYPE_M3U8, M3u8Settings),
    READS(container_settings, CONTAINER_TYPE_MOV, MovSettings),
    READS(container_settings, CONTAINER_TYPE_MP4, Mp4Settings),
    READS(container_settings, CONTAINER_TYPE_MPD, MpdSettings),
    READS(container_settings, CONTAINER_TYPE_MXF, MxfSettings),
};

void rule_container_settings(const struct scope *scope)
{
    const struct container_settings *s = scope->output->ContainerSettings;
    if (s && s->has_Container)
        check_branches(
            scope, &(struct decision){&s->place, "Container", container_type_choices, s->Container},
            containers, COUNT(containers));
}

static const struct branch xavc_profiles[] = {
    NEEDS(xavc_settings, XAVC_PROFILE_XAVC_4K_INTRA_CBG, Xavc4kIntraCbgProfileSettings),
    NEEDS(xavc_settings, XAVC_PROFILE_XAVC_4K_INTRA_VBR, Xavc4kIntraVbrProfileSettings),
    NEEDS(xavc_settings, XAVC_PROFILE_XAVC_4K, Xavc4kProfileSettings),
    NEEDS(xavc_settings, XAVC_PROFILE_XAVC_HD_INTRA_CBG, XavcHdIntraCbgProfileSettings),
    NEEDS(xavc_settings, XAVC_PROFILE_XAVC_HD, XavcHdProfileSettings),
};

void rule_xavc_profile(const struct scope *scope)
{
    const struct video_codec_settings *codec = scope->video->CodecSettings;
    const struct xavc_settings *s = codec ? codec->XavcSettings : NULL;
    if (s && s->has_Profile)
        check_branches(scope,
                       &(struct decision){&s->place, "Profile", xavc_profile_choices, s->Profile},
                       xavc_profiles, COUNT(xavc_profiles));
}

static const struct branch noise_filters[] = {
    READS(noise_reducer, NOISE_REDUCER_FILTER_SPATIAL, SpatialFilterSettings),
    READS(noise_reducer, NOISE_REDUCER_FILTER_TEMPORAL, TemporalFilterSettings),
};

void rule_noise_filter(const struct scope *scope)
{
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    const struct noise_reducer *s = p ? p->NoiseReducer : NULL;
    if (s && !s->has_Filter)
        require(scope, &s->place, "Filter");
    else if (s)
        check_unread(
            scope, &(struct decision){&s->place, "Filter", noise_reducer_filter_choices, s->Filter},
            noise_filters, COUNT(noise_filters));
}

#define DESTINATION(value, member)                                                                 \
    READS(caption_destination_settings, CAPTION_DESTINATION_TYPE_##value, member)
static const struct branch burn_in = DESTINATION(BURN_IN, BurninDestinationSettings);
static const struct branch caption_destinations[] = {
    DESTINATION(DVB_SUB, DvbSubDestinationSettings),
    DESTINATION(EMBEDDED, EmbeddedDestinationSettings),
    DESTINATION(EMBEDDED_PLUS_SCTE20, EmbeddedDestinationSettings),
    DESTINATION(SCTE20_PLUS_EMBEDDED, EmbeddedDestinationSettings),
    DESTINATION(IMSC, ImscDestinationSettings),
    DESTINATION(SCC, SccDestinationSettings),
    DESTINATION(SRT, SrtDestinationSettings),
    DESTINATION(TELETEXT, TeletextDestinationSettings),
    DESTINATION(TTML, TtmlDestinationSettings),
    DESTINATION(WEBVTT, WebvttDestinationSettings),
};

void rule_caption_destination(const struct scope *scope)
{
    const struct caption_destination_settings *s = scope->caption->DestinationSettings;
    if (!s)
        return;
    struct decision made = {&s->place, "DestinationType", caption_destination_type_choices,
                            s->DestinationType};
    if (s->has_DestinationType)
        check_dependency(scope, &made, &burn_in);
    check_unread(scope, &made, caption_destinations, COUNT(caption_destinations));
}

static const struct branch caption_sources[] = {
#define SOURCE(value, member) READS(caption_source_settings, CAPTION_SOURCE_TYPE_##value, member)
    SOURCE(ANCILLARY, AncillarySourceSettings),
    SOURCE(DVB_SUB, DvbSubSourceSettings),
    SOURCE(EMBEDDED, EmbeddedSourceSettings),
    SOURCE(SCTE20, EmbeddedSourceSettings),
    SOURCE(SCC, FileSourceSettings),
    SOURCE(TTML, FileSourceSettings),
    SOURCE(STL, FileSourceSettings),
    SOURCE(SRT, FileSourceSettings),
    SOURCE(SMI, FileSourceSettings),
    SOURCE(SMPTE_TT, FileSourceSettings),
    SOURCE(IMSC, FileSourceSettings),
    SOURCE(WEBVTT, FileSourceSettings),
    SOURCE(TT_3GPP, FileSourceSettings),
    SOURCE(TELETEXT, TeletextSourceSettings),
    SOURCE(IMSC, TrackSourceSettings),
    SOURCE(TT_3GPP, TrackSourceSettings),
    SOURCE(WEBVTT, TrackSourceSettings),
    SOURCE(WEBVTT, WebvttHlsSourceSettings),
};

void rule_caption_source(const struct scope *scope)
{
    const struct caption_source_settings *s = scope->caption_selector->SourceSettings;
    if (s && s->has_SourceType)
        check_unread(
            scope,
            &(struct decision){&s->place, "SourceType", caption_source_type_choices, s->SourceType},
            caption_sources, COUNT(caption_sources));
}
