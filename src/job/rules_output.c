/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of outputs and of the streams in them. */
#include "job/rules.h"

void rule_video_or_audio(const struct scope *scope)
{
    const struct output *output = scope->output;
    if (output->has_Preset) /* what is missing here stands in it */
        return;
    if (!output->has_ContainerSettings)
        require(scope, &output->place, "ContainerSettings");
    if (!output->has_VideoDescription && !output->AudioDescriptions[0] &&
        !output->CaptionDescriptions[0])
        refuse(scope, &output->place, NULL, "Should have a videoDescription or audioDescriptions");
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
               "Should have at most 1 items: the output is audio only");
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
    enum { PIDS = 8192 };
    bool taken[PIDS] = {false};
    const struct m3u8_settings *m3u8 = m3u8_of(scope->output);
    if (!m3u8)
        return;
    int tracks = list_count(scope->output->AudioDescriptions);
    if (tracks > m3u8->AudioPids.count)
        refuse(scope, &m3u8->place, "AudioPids",
               "Should have at least %d items: the output has so many tracks", tracks);
    if (scope->output->VideoDescription && m3u8->VideoPid == m3u8->PmtPid)
        refuse(scope, &m3u8->place, "VideoPid", "Should differ from pmtPid");
    taken[m3u8->PmtPid % PIDS] = true;
    if (scope->output->VideoDescription)
        taken[m3u8->VideoPid % PIDS] = true;
    for (int i = 0; i < tracks && i < m3u8->AudioPids.count; i++) {
        int64_t pid = m3u8->AudioPids.items[i];
        if (taken[pid % PIDS])
            refuse(scope, &m3u8->place, "AudioPids", "Should be different PIDs: %lld is taken",
                   (long long)pid);
        taken[pid % PIDS] = true;
    }
}

void rule_pcr_pid(const struct scope *scope)
{
    const struct m3u8_settings *m3u8 = m3u8_of(scope->output);
    if (m3u8 && scope->output->VideoDescription && m3u8->has_PcrPid &&
        m3u8->PcrPid != m3u8->VideoPid)
        unsupported(scope, &m3u8->place, "PcrPid",
                    "Other PIDs than videoPid, %lld, are not supported yet",
                    (long long)m3u8->VideoPid);
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

/* What carries ID3 tags in event messages; CMFC and MPD have the same members. */
struct id3 {
    const struct place *place;
    bool passed, has_scheme, has_value, version_1;
};

#define ID3(s, UPPER)                                                                              \
    ((struct id3){&(s)->place, (s)->TimedMetadata == UPPER##_TIMED_METADATA_PASSTHROUGH,           \
                  (s)->has_TimedMetadataSchemeIdUri, (s)->has_TimedMetadataValue,                  \
                  (s)->TimedMetadataBoxVersion == UPPER##_TIMED_METADATA_BOX_VERSION_VERSION_1})

static void check_id3(const struct scope *scope, struct id3 id3)
{
    static const char *const needs = "Needs timedMetadata PASSTHROUGH";
    if (id3.passed)
        return;
    if (id3.version_1)
        refuse(scope, id3.place, "TimedMetadataBoxVersion", "%s", needs);
    if (id3.has_scheme)
        refuse(scope, id3.place, "TimedMetadataSchemeIdUri", "%s", needs);
    if (id3.has_value)
        refuse(scope, id3.place, "TimedMetadataValue", "%s", needs);
}

void rule_id3_metadata(const struct scope *scope)
{
    const struct container_settings *s = scope->output->ContainerSettings;
    if (s && s->CmfcSettings)
        check_id3(scope, ID3(s->CmfcSettings, CMFC));
    if (s && s->MpdSettings)
        check_id3(scope, ID3(s->MpdSettings, MPD));
}
