/* SPDX-License-Identifier: Apache-2.0 */
/* FILE_GROUP: each output is a file of its own, or a series of images. */
#include <string.h>

#include "plan/build.h"

static const struct {
    enum container_type job_type;
    enum plan_container container;
    const char *extension, *content_type;
} containers[] = {
    {CONTAINER_TYPE_MP4, CONTAINER_MP4, "mp4", "video/mp4"},
    {CONTAINER_TYPE_RAW, CONTAINER_CAPTURE, "jpg", "image/jpeg"}, /* with FRAME_CAPTURE */
    {CONTAINER_TYPE_RAW, CONTAINER_RAW_AAC, "aac", "audio/aac"},
};

static int decide_container(const struct output *settings, struct plan_output *output,
                            const char **ret_extension, struct error *err)
{
    bool capture = settings->VideoDescription &&
                   settings->VideoDescription->CodecSettings->Codec == VIDEO_CODEC_FRAME_CAPTURE;
    for (size_t i = 0; i < COUNT(containers); i++) {
        if (containers[i].job_type != settings->ContainerSettings->Container ||
            (containers[i].container == CONTAINER_RAW_AAC && capture))
            continue;
        if (containers[i].container == CONTAINER_CAPTURE && !capture)
            continue;
        output->container = containers[i].container;
        output->content_type = containers[i].content_type;
        if (output->container == CONTAINER_MP4 && !settings->VideoDescription)
            output->content_type = "audio/mp4";
        *ret_extension = settings->Extension ? settings->Extension : containers[i].extension;
        return 0;
    }
    return error_set(err, ERROR_BUG, "no container for output");
}

static void decide_mp4(const struct mp4_settings *mp4, struct plan_mp4 *ret)
{
    static const struct plan_mp4 defaults = {.moov_first = true, .cslg = true, .ctts_version = 1};
    *ret = defaults;
    if (!mp4)
        return;
    ret->moov_first = mp4->MoovPlacement != MP4_MOOV_PLACEMENT_NORMAL;
    ret->cslg = mp4->CslgAtom != MP4_CSLG_ATOM_EXCLUDE;
    /* Negative offsets need a signed ctts, which is version 1; some want it called 0 all the same.
     */
    ret->ctts_version = mp4->has_CttsVersion ? (int)mp4->CttsVersion : ret->cslg;
    ret->free_space_box = mp4->FreeSpaceBox == MP4_FREE_SPACE_BOX_INCLUDE;
    ret->major_brand = mp4->Mp4MajorBrand;
}

static int build_output(struct build *build, const char *destination, const struct output *settings,
                        struct plan_output *output, struct error *err)
{
    const char *extension = "";
    if (decide_container(settings, output, &extension, err) < 0)
        return -1;

    const struct mp4_settings *mp4 = settings->ContainerSettings->Mp4Settings;
    bool match_video = mp4 && mp4->AudioDuration == CMFC_AUDIO_DURATION_MATCH_VIDEO_DURATION;
    output->video = -1;
    if (output->container == CONTAINER_CAPTURE) {
        if (capture_build(build, settings->VideoDescription, &output->capture, err) < 0)
            return -1;
    } else if (settings->VideoDescription &&
               video_build(build, settings->VideoDescription, 0, false, output, err) < 0) {
        return -1;
    }
    if (audio_build(build, settings, match_video, output, err) < 0)
        return -1;
    decide_mp4(mp4, &output->mp4);

    const char *modifier;
    if (name_expand(build, settings->NameModifier,
                    &(struct name_values){.output = output, .extension = extension},
                    settings->place.pointer, &modifier, err) < 0)
        return -1;
    /* Captures put their counter between: NAME.0000000.jpg */
    output->uri = output->container == CONTAINER_CAPTURE
                      ? arena_printf(build->arena, "%s%s", destination, modifier)
                      : arena_printf(build->arena, "%s%s.%s", destination, modifier, extension);
    output->capture.extension = extension;
    return 0;
}

static int build_group(struct build *build, const struct output_group *settings,
                       struct plan_group *group, struct error *err)
{
    const struct file_group_settings *file = settings->OutputGroupSettings->FileGroupSettings;
    const char *destination;
    if (name_destination(build, file->Destination, file->place.pointer, &destination, err) < 0)
        return -1;
    group->headers = name_headers(file->DestinationSettings);

    for (struct output **o = settings->Outputs; *o; o++) {
        struct plan_output *output = &build->plan->outputs[build->plan->outputs_count];
        output->settings = *o;
        output->group = build->plan->groups_count;
        output->label = arena_printf(build->arena, "output '%s'",
                                     (*o)->NameModifier ? (*o)->NameModifier : group->name);
        if (build_output(build, destination, *o, output, err) < 0)
            return error_add(err, "%s", output->label);
        build->plan->outputs_count++;
        group->outputs_count++;
    }
    return 0;
}

const struct group_type group_file = {
    .job_type = OUTPUT_GROUP_TYPE_FILE_GROUP_SETTINGS,
    .type = GROUP_FILE,
    .name = "FILE_GROUP",
    .build = build_group,
};
