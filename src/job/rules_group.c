/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of output groups: where the objects go and what tells them apart. */
#include <ctype.h>
#include <string.h>

#include "job/rules.h"

void rule_kms(const struct scope *scope)
{
    const struct destination_settings *destination = scope->package->destination_settings;
    const struct s3_destination_settings *s3 = destination ? destination->S3Settings : NULL;
    const struct s3_encryption_settings *e = s3 ? s3->Encryption : NULL;
    if (!e || (e->has_EncryptionType &&
               e->EncryptionType == S3_SERVER_SIDE_ENCRYPTION_TYPE_SERVER_SIDE_ENCRYPTION_KMS))
        return;
    if (e->has_KmsKeyArn)
        refuse(scope, &e->place, "KmsKeyArn", "Needs SERVER_SIDE_ENCRYPTION_KMS");
    if (e->has_KmsEncryptionContext)
        refuse(scope, &e->place, "KmsEncryptionContext", "Needs SERVER_SIDE_ENCRYPTION_KMS");
}

/* What tells this output's objects from those of its neighbours, beside NameModifier. */
static const char *extension(const struct output *output)
{
    static const char *const defaults[] = {
        [CONTAINER_TYPE_F4V] = "f4v",   [CONTAINER_TYPE_GIF] = "gif",
        [CONTAINER_TYPE_M2TS] = "m2ts", [CONTAINER_TYPE_MOV] = "mov",
        [CONTAINER_TYPE_MP4] = "mp4",   [CONTAINER_TYPE_MXF] = "mxf",
        [CONTAINER_TYPE_WEBM] = "webm", [CONTAINER_TYPE_OGG] = "ogg",
        [CONTAINER_TYPE_Y4M] = "y4m",
    };
    const struct container_settings *s = output->ContainerSettings;
    if (output->Extension)
        return output->Extension;
    if (s && s->has_Container && s->Container < COUNT(defaults) && defaults[s->Container])
        return defaults[s->Container];
    return output_has_codec(output, VIDEO_CODEC_FRAME_CAPTURE) ? "jpg" : "aac";
}

/* Outputs with the same name would write the same objects. */
static const char *object_name(const struct scope *scope, const struct output *output)
{
    bool in_files = group_kind(scope->group) == GROUP_FILE;
    return in_files ? arena_printf(scope->arena, "%s.%s", output->NameModifier, extension(output))
                    : output->NameModifier;
}

void rule_name_modifiers(const struct scope *scope)
{
    struct output **outputs = scope->group->Outputs;
    int count = list_count(outputs);
    /* without one, the playlist of a single rendition had the name of the top-level one */
    bool needed = count > 1 || group_kind(scope->group) == GROUP_HLS;
    struct words *names = words_new(scope->arena, count);
    for (int i = 0; needed && i < count; i++) {
        if (!outputs[i]->has_NameModifier)
            require(scope, &outputs[i]->place, "NameModifier");
        if (!outputs[i]->NameModifier)
            continue;
        const char *name = object_name(scope, outputs[i]);
        int other = words_add(names, name, strlen(name), i);
        if (other >= 0)
            refuse(scope, &outputs[i]->place, "NameModifier",
                   "Should differ from the one of outputs/%d", other);
    }
}

/* The AudioGroupIds of the group's audio-only outputs. */
static struct words *audio_groups_of(const struct scope *scope)
{
    struct output **outputs = scope->group->Outputs;
    struct words *words = words_new(scope->arena, list_count(outputs));
    for (int i = 0; outputs[i]; i++) {
        const struct hls_settings *hls = outputs[i]->OutputSettings->HlsSettings;
        bool variant = hls->has_AudioTrackType &&
                       hls->AudioTrackType == HLS_AUDIO_TRACK_TYPE_AUDIO_ONLY_VARIANT_STREAM;
        if (is_audio_only(outputs[i]) && !variant && hls->AudioGroupId)
            words_add(words, hls->AudioGroupId, strlen(hls->AudioGroupId), i);
    }
    return words;
}

static void check_rendition_sets(const struct scope *scope, const struct words *groups,
                                 const struct hls_settings *hls)
{
    enum { SETS_MAX = 100 };
    int sets = 0;
    struct words *seen = words_new(scope->arena, SETS_MAX);
    for (const char *id = hls->AudioRenditionSets;; id++) {
        size_t length = strcspn(id, ",");
        if (++sets > SETS_MAX) {
            refuse(scope, &hls->place, "AudioRenditionSets", "Should have at most %d items",
                   SETS_MAX);
            return;
        }
        if (!length || isspace((unsigned char)*id) || isspace((unsigned char)id[length - 1])) {
            refuse(scope, &hls->place, "AudioRenditionSets",
                   "Should have audioGroupIds between commas, without blanks");
            return;
        }
        if (words_add(seen, id, length, 0) >= 0) {
            refuse(scope, &hls->place, "AudioRenditionSets", "\"%.*s\" is given twice",
                   (int)(length < 200 ? length : 200), id);
            return;
        }
        if (words_find(groups, id, length) < 0) {
            warn(scope, &hls->place, "AudioRenditionSets",
                 "\"%.*s\" is the audioGroupId of no audio-only output in this group",
                 (int)(length < 200 ? length : 200), id);
            return;
        }
        id += length;
        if (!*id)
            return;
    }
}

void rule_rendition_sets(const struct scope *scope)
{
    if (group_kind(scope->group) != GROUP_HLS)
        return;
    struct words *groups = audio_groups_of(scope);
    if (words_count(groups) == 0) /* the sound is in the variants: then there is nothing to name */
        return;
    for (struct output **o = scope->group->Outputs; *o; o++) {
        const struct hls_settings *hls = (*o)->OutputSettings->HlsSettings;
        bool names_any = hls->AudioRenditionSets && *hls->AudioRenditionSets;
        if ((*o)->VideoDescription && names_any)
            check_rendition_sets(scope, groups, hls);
    }
}

static const struct hls_group_settings *hls_of(const struct output_group *group)
{
    return group_kind(group) == GROUP_HLS ? group->OutputGroupSettings->HlsGroupSettings : NULL;
}

void rule_subdirectories(const struct scope *scope)
{
    const struct hls_group_settings *hls = hls_of(scope->group);
    if (hls && hls->has_SegmentsPerSubdirectory &&
        hls->DirectoryStructure == HLS_DIRECTORY_STRUCTURE_SINGLE_DIRECTORY)
        warn(scope, &hls->place, "SegmentsPerSubdirectory",
             "Is read where directoryStructure is SUBDIRECTORY_PER_STREAM");
}

void rule_caption_languages(const struct scope *scope)
{
    const struct hls_group_settings *hls = hls_of(scope->group);
    if (hls && hls->CaptionLanguageSetting == HLS_CAPTION_LANGUAGE_SETTING_INSERT &&
        !hls->CaptionLanguageMappings[0])
        require(scope, &hls->place, "CaptionLanguageMappings");
}

/* The video bit rate of an output as Smooth Streaming's manifest tells it, in kb/s; 0: unknown. */
static int64_t smooth_rate(const struct output *output, const struct place **ret_place)
{
    const struct video_description *video = output->VideoDescription;
    const struct video_codec_settings *codec = video ? video->CodecSettings : NULL;
    const struct h264_settings *h264 = codec ? codec->H264Settings : NULL;
    if (!h264)
        return 0;
    *ret_place = &h264->place;
    return h264->Bitrate / 1000;
}

void rule_smooth_bitrates(const struct scope *scope)
{
    struct output **outputs = scope->group->Outputs;
    if (group_kind(scope->group) != GROUP_SMOOTH)
        return;
    struct words *rates = words_new(scope->arena, list_count(outputs));
    for (int i = 0; outputs[i]; i++) {
        const struct place *place = NULL;
        int64_t rate = smooth_rate(outputs[i], &place);
        if (!rate)
            continue;
        const char *text = arena_printf(scope->arena, "%lld", (long long)rate);
        int other = words_add(rates, text, strlen(text), i);
        if (other >= 0)
            refuse(scope, place, "Bitrate",
                   "Should differ from the one of outputs/%d by more than the last three digits",
                   other);
    }
}
