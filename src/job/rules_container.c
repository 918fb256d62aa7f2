/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of containers: the groups they are for, the codecs they take. */
#include "base/text.h"
#include "job/rules.h"

/* What a container is for, from the tables of MediaConvert's guide and what was added since. */
static const struct container {
    int group;             /* the only kind of group that it is for */
    unsigned video, audio; /* bits of the codecs that it takes */
} containers[] = {
#define VIDEO(codec) (1u << VIDEO_CODEC_##codec)
#define SOUND(codec) (1u << AUDIO_CODEC_##codec)
#define AVC_HEVC     (VIDEO(H_264) | VIDEO(H_265))
#define DOLBY        (SOUND(AC3) | SOUND(EAC3) | SOUND(EAC3_ATMOS) | SOUND(AC4))
#define STREAMED     (SOUND(AAC) | DOLBY | SOUND(MP2) | SOUND(MP3))
#define ANY_SOUND    (~0u)
    [CONTAINER_TYPE_M3U8] = {GROUP_HLS, AVC_HEVC, STREAMED},
    [CONTAINER_TYPE_CMFC] = {GROUP_CMAF, AVC_HEVC | VIDEO(AV1),
                             STREAMED | SOUND(FLAC) | SOUND(OPUS)},
    [CONTAINER_TYPE_MPD] = {GROUP_DASH, AVC_HEVC | VIDEO(AV1) | VIDEO(VP8) | VIDEO(VP9),
                            STREAMED | SOUND(FLAC) | SOUND(OPUS)},
    [CONTAINER_TYPE_ISMV] = {GROUP_SMOOTH, VIDEO(H_264), SOUND(AAC) | DOLBY},
    [CONTAINER_TYPE_MP4] = {GROUP_FILE, AVC_HEVC | VIDEO(AV1),
                            STREAMED | SOUND(FLAC) | SOUND(OPUS)},
    [CONTAINER_TYPE_M2TS] = {GROUP_FILE, AVC_HEVC | VIDEO(MPEG2), STREAMED | SOUND(WAV)},
    [CONTAINER_TYPE_F4V] = {GROUP_FILE, VIDEO(H_264) | VIDEO(MPEG2), SOUND(AAC)},
    [CONTAINER_TYPE_MOV] = {GROUP_FILE,
                            AVC_HEVC | VIDEO(MPEG2) | VIDEO(PRORES) | VIDEO(UNCOMPRESSED),
                            STREAMED | SOUND(WAV) | SOUND(AIFF)},
    [CONTAINER_TYPE_MXF] = {GROUP_FILE,
                            VIDEO(H_264) | VIDEO(AVC_INTRA) | VIDEO(MPEG2) | VIDEO(VC3) |
                                VIDEO(XAVC) | VIDEO(UNCOMPRESSED),
                            SOUND(WAV)},
    [CONTAINER_TYPE_WEBM] = {GROUP_FILE, VIDEO(VP8) | VIDEO(VP9) | VIDEO(AV1),
                             SOUND(OPUS) | SOUND(VORBIS)},
    [CONTAINER_TYPE_OGG] = {GROUP_FILE, 0, SOUND(OPUS) | SOUND(VORBIS) | SOUND(FLAC)},
    [CONTAINER_TYPE_GIF] = {GROUP_FILE, VIDEO(GIF), 0},
    [CONTAINER_TYPE_Y4M] = {GROUP_FILE, VIDEO(UNCOMPRESSED), 0},
    [CONTAINER_TYPE_RAW] = {GROUP_FILE,
                            AVC_HEVC | VIDEO(FRAME_CAPTURE) | VIDEO(AVC_INTRA) | VIDEO(MPEG2) |
                                VIDEO(VC3) | VIDEO(XAVC) | VIDEO(UNCOMPRESSED),
                            ANY_SOUND},
};

static const struct container_settings *container_of(const struct output *output)
{
    const struct container_settings *s = output->ContainerSettings;
    return s && s->has_Container && !s->place.broken ? s : NULL;
}

/* "AV1, H_264 or H_265"; the caller's. */
static struct text names_of(const struct choice *choices, unsigned bits)
{
    struct text names = {0};
    text_append(&names, "", 0);
    for (int i = 0; choices[i].name; i++) {
        if (!(bits & (1u << i)))
            continue;
        bits &= ~(1u << i);
        text_add(&names, "%s%s", !names.size ? "" : bits ? ", " : " or ", choices[i].name);
    }
    return names;
}

/* Groups that take another container than that of their own. */
static bool takes_too(int kind, enum container_type container)
{
    return (kind == GROUP_HLS && container == CONTAINER_TYPE_RAW) ||
           (kind == GROUP_DASH && container == CONTAINER_TYPE_CMFC);
}

void rule_container_in_group(const struct scope *scope)
{
    static const char *const needed[] = {
        [GROUP_HLS] = "M3U8", [GROUP_DASH] = "MPD", [GROUP_SMOOTH] = "ISMV", [GROUP_CMAF] = "CMFC"};
    const struct container_settings *s = container_of(scope->output);
    int kind = group_kind(scope->group);
    if (!s || kind == GROUP_OTHER || containers[s->Container].group == kind)
        return;
    const struct choice *container = &container_type_choices[s->Container];
    if (takes_too(kind, s->Container)) {
        if (container->support == EXACT)
            unsupported(scope, &s->place, "Container",
                        "%s cannot be had in such a group yet: give %s", container->name,
                        needed[kind]);
        return;
    }
    if (kind != GROUP_FILE)
        refuse(scope, &s->place, "Container", "Must be %s", needed[kind]);
    else
        refuse(scope, &s->place, "Container",
               "Must be one for files, such as MP4: %s is for streams", container->name);
}

/* Captures, and what RAW is not made of here. */
static void check_capture(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (output_has_container(output, CONTAINER_TYPE_M3U8))
        refuse(scope, &output->VideoDescription->CodecSettings->place, "Codec", "Must be H_264");
    else if (!output_has_container(output, CONTAINER_TYPE_RAW))
        refuse(scope, &output->ContainerSettings->place, "Container",
               "Must be RAW: the codec is FRAME_CAPTURE");
    if (output->AudioDescriptions[0])
        refuse(scope, &output->place, "AudioDescriptions",
               "Should have at most 0 items: the codec is FRAME_CAPTURE");
}

void rule_codec_in_container(const struct scope *scope)
{
    const struct output *output = scope->output;
    const struct container_settings *s = container_of(output);
    const struct video_description *video = output->VideoDescription;
    const struct video_codec_settings *codec = video ? video->CodecSettings : NULL;
    if (!s || !codec || !codec->has_Codec || codec->place.broken ||
        codec->Codec == VIDEO_CODEC_PASSTHROUGH)
        return;
    if (codec->Codec == VIDEO_CODEC_FRAME_CAPTURE)
        check_capture(scope);
    else if (s->Container == CONTAINER_TYPE_RAW && codec->Codec == VIDEO_CODEC_H_264)
        unsupported(scope, &video->place, "CodecSettings",
                    "RAW video is FRAME_CAPTURE: H_264 needs the container MP4");
    else if (!(containers[s->Container].video & (1u << codec->Codec))) {
        CLEANUP(text_release)
        struct text names = names_of(video_codec_choices, containers[s->Container].video);
        refuse(scope, &codec->place, "Codec", "%s is not for %s, which takes %s",
               video_codec_choices[codec->Codec].name, container_type_choices[s->Container].name,
               names.size ? names.data : "no video");
    }
}

void rule_audio_in_container(const struct scope *scope)
{
    const struct container_settings *s = container_of(scope->output);
    const struct audio_codec_settings *codec = scope->audio->CodecSettings;
    if (!s || !codec || !codec->has_Codec || codec->place.broken ||
        codec->Codec == AUDIO_CODEC_PASSTHROUGH ||
        containers[s->Container].audio & (1u << codec->Codec))
        return;
    CLEANUP(text_release)
    struct text names = names_of(audio_codec_choices, containers[s->Container].audio);
    refuse(scope, &codec->place, "Codec", "%s is not for %s, which takes %s",
           audio_codec_choices[codec->Codec].name, container_type_choices[s->Container].name,
           names.size ? names.data : "no audio");
}

void rule_raw_audio(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (output_has_container(output, CONTAINER_TYPE_RAW) && !output->VideoDescription &&
        list_count(output->AudioDescriptions) > 1)
        refuse(scope, &output->place, "AudioDescriptions",
               "Should have at most 1 items: the container is RAW");
}

void rule_channel_tags(const struct scope *scope)
{
    const struct audio_description *audio = scope->audio;
    const struct audio_codec_settings *codec = audio->CodecSettings;
    const struct container_settings *s = container_of(scope->output);
    if (!audio->has_AudioChannelTaggingSettings)
        return;
    bool mov = !s || s->Container == CONTAINER_TYPE_MOV;
    bool tagged = !codec || !codec->has_Codec || codec->Codec == AUDIO_CODEC_AAC ||
                  codec->Codec == AUDIO_CODEC_WAV || codec->Codec == AUDIO_CODEC_AIFF;
    const struct audio_channel_tagging_settings *tags = audio->AudioChannelTaggingSettings;
    if (tags && (!mov || !tagged))
        refuse(scope, &tags->place, NULL, "Needs the container MOV and the codec AAC, AIFF or WAV");
}
