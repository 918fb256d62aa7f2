/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of output groups and of the outputs in them. */
#include <ctype.h>
#include <string.h>

#include "job/rules.h"

void rule_group_settings(const struct scope *scope)
{
    const struct output_group_settings *s = scope->group->OutputGroupSettings;
    int kind = group_kind(scope->group);
    if (kind == GROUP_HLS && !s->has_HlsGroupSettings)
        require(scope, &s->place, "HlsGroupSettings");
    if (kind == GROUP_FILE && !s->has_FileGroupSettings)
        require(scope, &s->place, "FileGroupSettings");
    if (kind == GROUP_FILE && s->has_HlsGroupSettings)
        warn(scope, &s->place, "HlsGroupSettings", "Is not read: type is FILE_GROUP_SETTINGS");
    if (kind == GROUP_HLS && s->has_FileGroupSettings)
        warn(scope, &s->place, "FileGroupSettings", "Is not read: type is HLS_GROUP_SETTINGS");
}

static const struct destination_settings *destination_settings_of(const struct output_group *group)
{
    const struct output_group_settings *s = group->OutputGroupSettings;
    int kind = group_kind(group);
    if (kind == GROUP_HLS && s->HlsGroupSettings)
        return s->HlsGroupSettings->DestinationSettings;
    if (kind == GROUP_FILE && s->FileGroupSettings)
        return s->FileGroupSettings->DestinationSettings;
    return NULL;
}

void rule_kms(const struct scope *scope)
{
    const struct destination_settings *destination = destination_settings_of(scope->group);
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
    if (output->Extension)
        return output->Extension;
    if (output_has_container(output, CONTAINER_TYPE_MP4))
        return "mp4";
    return output_has_codec(output, VIDEO_CODEC_FRAME_CAPTURE) ? "jpg" : "aac";
}

static bool same_name(const struct scope *scope, const struct output *a, const struct output *b)
{
    if (!a->NameModifier || !b->NameModifier || strcmp(a->NameModifier, b->NameModifier) != 0)
        return false;
    return group_kind(scope->group) != GROUP_FILE || strcmp(extension(a), extension(b)) == 0;
}

void rule_name_modifiers(const struct scope *scope)
{
    struct output **outputs = scope->group->Outputs;
    int count = list_count(outputs);
    /* without one, the playlist of a single rendition had the name of the top-level one */
    bool needed = count > 1 || group_kind(scope->group) == GROUP_HLS;
    for (int i = 0; needed && i < count; i++) {
        if (!outputs[i]->has_NameModifier)
            require(scope, &outputs[i]->place, "NameModifier");
        for (int j = 0; j < i; j++)
            if (same_name(scope, outputs[i], outputs[j])) {
                refuse(scope, &outputs[i]->place, "NameModifier",
                       "Should differ from the one of outputs/%d", j);
                break;
            }
    }
}

static bool is_audio_only(const struct output *output)
{
    return !output->VideoDescription && output->AudioDescriptions[0];
}

/* Whether an audio-only output has this group id, which need not end with a NUL. */
static bool has_audio_group(const struct output_group *group, const char *id, size_t length)
{
    for (struct output **o = group->Outputs; *o; o++) {
        const struct hls_settings *hls = (*o)->OutputSettings->HlsSettings;
        const char *other = hls->AudioGroupId;
        bool variant = hls->has_AudioTrackType &&
                       hls->AudioTrackType == HLS_AUDIO_TRACK_TYPE_AUDIO_ONLY_VARIANT_STREAM;
        if (is_audio_only(*o) && !variant && other && strncmp(other, id, length) == 0 &&
            !other[length])
            return true;
    }
    return false;
}

/* Whether the item at `id` stands in the list before it, too. */
static bool has_item(const char *list, const char *id, size_t length)
{
    for (size_t other; list < id; list += other + 1) {
        other = strcspn(list, ",");
        if (other == length && strncmp(list, id, length) == 0)
            return true;
    }
    return false;
}

static void check_rendition_sets(const struct scope *scope, const struct hls_settings *hls)
{
    enum { SETS_MAX = 100 };
    int sets = 0;
    for (const char *id = hls->AudioRenditionSets;; id++) {
        size_t length = strcspn(id, ",");
        if (++sets > SETS_MAX) {
            refuse(scope, &hls->place, "AudioRenditionSets", "Should NOT have more than %d items",
                   SETS_MAX);
            return;
        }
        if (!length || isspace((unsigned char)*id) || isspace((unsigned char)id[length - 1])) {
            refuse(scope, &hls->place, "AudioRenditionSets",
                   "Should have audioGroupIds between commas, without blanks");
            return;
        }
        if (has_item(hls->AudioRenditionSets, id, length)) {
            refuse(scope, &hls->place, "AudioRenditionSets", "\"%.*s\" is given twice",
                   (int)(length < 200 ? length : 200), id);
            return;
        }
        if (!has_audio_group(scope->group, id, length)) {
            refuse(scope, &hls->place, "AudioRenditionSets",
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
    for (struct output **o = scope->group->Outputs; *o; o++) {
        const struct hls_settings *hls = (*o)->OutputSettings->HlsSettings;
        bool names_any = hls->AudioRenditionSets && *hls->AudioRenditionSets;
        if ((*o)->VideoDescription && names_any)
            check_rendition_sets(scope, hls);
    }
}

static const struct hls_group_settings *hls_of(const struct output_group *group)
{
    return group_kind(group) == GROUP_HLS ? group->OutputGroupSettings->HlsGroupSettings : NULL;
}

void rule_final_segment(const struct scope *scope)
{
    const struct hls_group_settings *hls = hls_of(scope->group);
    if (!hls || hls->MinFinalSegmentLength == 0)
        return;
    if (hls->MinFinalSegmentLength < 1)
        refuse(scope, &hls->place, "MinFinalSegmentLength",
               "Should be 0, or greater than or equal to 1");
    if (hls->MinFinalSegmentLength >= (double)hls->SegmentLength)
        refuse(scope, &hls->place, "MinFinalSegmentLength",
               "Should be less than %lld, the segmentLength", (long long)hls->SegmentLength);
}

void rule_subdirectories(const struct scope *scope)
{
    const struct hls_group_settings *hls = hls_of(scope->group);
    if (hls && hls->has_SegmentsPerSubdirectory &&
        hls->DirectoryStructure == HLS_DIRECTORY_STRUCTURE_SINGLE_DIRECTORY)
        warn(scope, &hls->place, "SegmentsPerSubdirectory",
             "Is read where directoryStructure is SUBDIRECTORY_PER_STREAM");
}

void rule_video_or_audio(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (!output->has_VideoDescription && !output->AudioDescriptions[0])
        refuse(scope, &output->place, NULL, "Should have a videoDescription or audioDescriptions");
}

void rule_container_in_group(const struct scope *scope)
{
    const struct output *output = scope->output;
    const struct container_settings *container = output->ContainerSettings;
    bool m3u8 = output_has_container(output, CONTAINER_TYPE_M3U8);
    bool file = output_has_container(output, CONTAINER_TYPE_MP4) ||
                output_has_container(output, CONTAINER_TYPE_RAW);
    if (group_kind(scope->group) == GROUP_HLS && file)
        refuse(scope, &container->place, "Container", "Must be M3U8");
    if (group_kind(scope->group) == GROUP_FILE && m3u8)
        refuse(scope, &container->place, "Container", "Must be MP4 or RAW: M3U8 is for HLS groups");
}

void rule_container_settings(const struct scope *scope)
{
    const struct container_settings *s = scope->output->ContainerSettings;
    if (!s || !s->has_Container)
        return;
    if (s->has_M3u8Settings && s->Container != CONTAINER_TYPE_M3U8)
        warn(scope, &s->place, "M3u8Settings", "Is not read: container is not M3U8");
    if (s->has_Mp4Settings && s->Container != CONTAINER_TYPE_MP4)
        warn(scope, &s->place, "Mp4Settings", "Is not read: container is not MP4");
}

static void check_raw(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (output->VideoDescription && !output_has_codec(output, VIDEO_CODEC_FRAME_CAPTURE))
        refuse(scope, &output->VideoDescription->place, "CodecSettings",
               "RAW video is FRAME_CAPTURE: H_264 needs the container MP4");
    if (!output->VideoDescription && list_count(output->AudioDescriptions) > 1)
        refuse(scope, &output->place, "AudioDescriptions",
               "Should NOT have more than 1 items: the container is RAW");
}

void rule_codec_in_container(const struct scope *scope)
{
    const struct output *output = scope->output;
    bool capture = output_has_codec(output, VIDEO_CODEC_FRAME_CAPTURE);
    if (output_has_container(output, CONTAINER_TYPE_RAW))
        check_raw(scope);
    if (capture && output_has_container(output, CONTAINER_TYPE_M3U8))
        refuse(scope, &output->VideoDescription->CodecSettings->place, "Codec", "Must be H_264");
    if (capture && output_has_container(output, CONTAINER_TYPE_MP4))
        refuse(scope, &output->ContainerSettings->place, "Container",
               "Must be RAW: the codec is FRAME_CAPTURE");
    if (capture && output->AudioDescriptions[0])
        refuse(scope, &output->place, "AudioDescriptions",
               "Should NOT have more than 0 items: the codec is FRAME_CAPTURE");
}

void rule_group_only_settings(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (group_kind(scope->group) == GROUP_FILE && output->OutputSettings->has_HlsSettings)
        warn(scope, &output->OutputSettings->place, "HlsSettings",
             "Is not read: this is not an HLS group");
    if (group_kind(scope->group) == GROUP_HLS && output->has_Extension)
        warn(scope, &output->place, "Extension", "Is not read: this is not a file group");
}

void rule_audio_only_settings(const struct scope *scope)
{
    const struct hls_settings *hls = scope->output->OutputSettings->HlsSettings;
    if (group_kind(scope->group) == GROUP_HLS && scope->output->VideoDescription &&
        hls->has_AudioTrackType)
        warn(scope, &hls->place, "AudioTrackType", "Is not read: this output has video");
}

void rule_one_audio_rendition(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (group_kind(scope->group) == GROUP_HLS && is_audio_only(output) &&
        output->AudioDescriptions[1])
        refuse(scope, &output->place, "AudioDescriptions",
               "Should NOT have more than 1 items: the output is audio only");
}

/* The settings of a transport stream, where the output is one. */
static const struct m3u8_settings *m3u8_of(const struct output *output)
{
    return output_has_container(output, CONTAINER_TYPE_M3U8)
               ? output->ContainerSettings->M3u8Settings
               : NULL;
}

void rule_pids(const struct scope *scope)
{
    const struct m3u8_settings *m3u8 = m3u8_of(scope->output);
    if (!m3u8)
        return;
    int tracks = list_count(scope->output->AudioDescriptions);
    if (tracks > m3u8->AudioPids.count)
        refuse(scope, &m3u8->place, "AudioPids",
               "Should NOT have fewer than %d items: the output has so many tracks", tracks);
    if (scope->output->VideoDescription && m3u8->VideoPid == m3u8->PmtPid)
        refuse(scope, &m3u8->place, "VideoPid", "Should differ from pmtPid");
    for (int i = 0; i < tracks && i < m3u8->AudioPids.count; i++) {
        int64_t pid = m3u8->AudioPids.items[i];
        bool taken =
            pid == m3u8->PmtPid || (scope->output->VideoDescription && pid == m3u8->VideoPid);
        for (int j = 0; j < i; j++)
            taken |= pid == m3u8->AudioPids.items[j];
        if (taken)
            refuse(scope, &m3u8->place, "AudioPids", "Should be different PIDs: %lld is taken",
                   (long long)pid);
    }
}

void rule_pcr_pid(const struct scope *scope)
{
    const struct m3u8_settings *m3u8 = m3u8_of(scope->output);
    if (m3u8 && scope->output->VideoDescription && m3u8->has_PcrPid &&
        m3u8->PcrPid != m3u8->VideoPid)
        refuse(scope, &m3u8->place, "PcrPid",
               "Other PIDs than videoPid, %lld, are not supported yet", (long long)m3u8->VideoPid);
}

void rule_ctts_version(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (!output_has_container(output, CONTAINER_TYPE_MP4))
        return;
    const struct mp4_settings *mp4 = output->ContainerSettings->Mp4Settings;
    if (mp4->CttsVersion == 1 && mp4->CslgAtom != MP4_CSLG_ATOM_INCLUDE)
        refuse(scope, &mp4->place, "CslgAtom", "Must be INCLUDE");
}
