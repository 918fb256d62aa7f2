/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/report.h"

/* MediaConvert's warning codes (user guide, warning_codes), and from which length on they are
 * given. */
enum {
    WARNING_SILENCE_ADDED = 240000,
    WARNING_AUDIO_DROPPED = 240001,
    WARNING_FROM_US = 100 * 1000,
};

static const char *const group_names[] = {[GROUP_FILE] = "FILE_GROUP", [GROUP_HLS] = "HLS_GROUP"};

static const char *const *one_path(struct arena *arena, const char *path)
{
    const char **paths = ARENA_ARRAY(arena, const char *, 2);
    paths[0] = path;
    return paths;
}

static const struct plan_picture *picture_of(const struct plan *plan,
                                             const struct plan_output *output)
{
    if (output->container == CONTAINER_CAPTURE)
        return &plan->pictures[output->capture.picture];
    return output->video < 0 ? NULL : &plan->pictures[plan->videos[output->video].picture];
}

struct report *report_new(struct arena *arena, const struct plan *plan)
{
    struct report *report = ARENA_NEW(arena, struct report);
    report->groups_count = plan->groups_count;
    report->groups = ARENA_ARRAY(arena, struct report_group, plan->groups_count);
    for (int i = 0; i < plan->groups_count; i++) {
        const struct plan_group *from = &plan->groups[i];
        struct report_group *group = &report->groups[i];
        group->type = group_names[from->type];
        if (from->type == GROUP_HLS && from->hls.playlists)
            group->playlists = one_path(arena, from->hls.playlist_uri);
        group->outputs_count = from->outputs_count;
        group->outputs = ARENA_ARRAY(arena, struct report_output, from->outputs_count);
        for (int k = 0; k < from->outputs_count; k++) {
            const struct plan_output *output = &plan->outputs[from->outputs_first + k];
            const struct plan_picture *picture = picture_of(plan, output);
            bool unlisted = from->type == GROUP_HLS && !from->hls.playlists;
            group->outputs[k].paths = one_path(arena, unlisted ? NULL : output->uri);
            group->outputs[k].width = picture ? picture->width : 0;
            group->outputs[k].height = picture ? picture->height : 0;
        }
    }
    report->infos_count = plan->infos_count;
    report->infos = plan->infos;
    return report;
}

static void add_warning(struct report *report, struct arena *arena, int code, int64_t us,
                        const char *what)
{
    if (us < WARNING_FROM_US)
        return;
    report->warnings[report->warnings_count++] = (struct report_warning){
        .code = code,
        .message = arena_printf(arena, "%lld ms of %s", (long long)(us / 1000), what),
    };
}

/* An output's duration, and its path where it is one of many: the last capture. */
static void fill_output(struct report_output *to, struct arena *arena,
                        const struct plan_output *plan, int index, const struct run_result *result)
{
    const struct run_output *from = &result->outputs[index];
    int64_t duration_us = from->duration_us;
    for (int i = 0; plan->container == CONTAINER_CAPTURE && i < result->objects_count; i++)
        if (result->objects[i].output == index)
            to->paths = one_path(arena, arena_strdup(arena, result->objects[i].uri));
    to->duration_ms = duration_us / 1000;
    to->average_bitrate =
        duration_us > 0 ? (double)from->video_bytes * 8e6 / (double)duration_us : 0;
    if (plan->video < 0 || !result->qualities[plan->video].known)
        return;
    const struct run_quality *quality = &result->qualities[plan->video];
    to->qvbr_average = quality->average;
    to->qvbr_least = quality->least;
    to->qvbr_most = quality->most;
    to->qvbr_least_ms = quality->least_us / 1000;
    to->qvbr_most_ms = quality->most_us / 1000;
}

void report_add_info(struct report *report, struct arena *arena, const char *info)
{
    const char **infos = ARENA_ARRAY(arena, const char *, report->infos_count + 1);
    for (int i = 0; i < report->infos_count; i++)
        infos[i] = report->infos[i];
    infos[report->infos_count++] = arena_strdup(arena, info);
    report->infos = infos;
}

void report_fill(struct report *report, struct arena *arena, const struct plan *plan,
                 const struct run_result *result)
{
    for (int i = 0; i < plan->groups_count; i++)
        for (int k = 0; k < plan->groups[i].outputs_count; k++) {
            int index = plan->groups[i].outputs_first + k;
            fill_output(&report->groups[i].outputs[k], arena, &plan->outputs[index], index, result);
        }

    report->objects_count = result->objects_count;
    report->objects = ARENA_ARRAY(arena, struct report_object, result->objects_count);
    for (int i = 0; i < result->objects_count; i++) {
        const struct run_object *from = &result->objects[i];
        report->objects[i] = (struct report_object){
            .uri = arena_strdup(arena, from->uri),
            .kind = from->kind,
            .bytes = from->bytes,
            .duration_us = from->duration_us,
        };
    }
    report->padding_inserted_ms = result->padding_us / 1000;
    report->warnings = ARENA_ARRAY(arena, struct report_warning, 2);
    add_warning(report, arena, WARNING_SILENCE_ADDED, result->padding_us,
                "silence were added where the input has no audio");
    add_warning(report, arena, WARNING_AUDIO_DROPPED, result->dropped_audio_us,
                "audio were dropped where they lie before the video or over each other");
    if (!result->corrupt_frames)
        return;
    report_add_info(report, arena,
                    arena_printf(arena, "%lld damaged frames in the input were concealed",
                                 (long long)result->corrupt_frames));
}
