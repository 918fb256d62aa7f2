/* SPDX-License-Identifier: Apache-2.0 */
#include "base/machine.h"
#include "plan/build.h"

static const struct group_type *const group_types[] = {&group_file, &group_hls};

static const struct group_type *find_group_type(enum output_group_type type)
{
    for (size_t i = 0; i < COUNT(group_types); i++)
        if (group_types[i]->job_type == type)
            return group_types[i];
    return NULL;
}

/* Room for the most that the job can ask for, so that nothing moves while the plan is made. */
static void make_room(struct build *build, bool *ret_needs_video)
{
    struct plan *plan = build->plan;
    int groups = 0, outputs = 0, audios = 0;
    *ret_needs_video = false;
    for (struct output_group **g = build->job->Settings->OutputGroups; *g; g++, groups++) {
        for (struct output **o = (*g)->Outputs; *o; o++, outputs++) {
            for (struct audio_description **a = (*o)->AudioDescriptions; *a; a++)
                audios++;
            *ret_needs_video |= (*o)->VideoDescription != NULL;
        }
    }
    plan->groups = ARENA_ARRAY(build->arena, struct plan_group, groups);
    plan->outputs = ARENA_ARRAY(build->arena, struct plan_output, outputs);
    plan->pictures = ARENA_ARRAY(build->arena, struct plan_picture, outputs);
    plan->videos = ARENA_ARRAY(build->arena, struct plan_video, outputs);
    plan->tracks = ARENA_ARRAY(build->arena, struct plan_track, audios);
    plan->audios = ARENA_ARRAY(build->arena, struct plan_audio, audios);
}

/* Encoder threads. One per encoder fills the machine as long as there are at least as many encoders
 * as cores; beyond that each gets cores by its share of the pixels. But not under a cap: x264's
 * buffer model looks at what its other threads have spent so far, so that bytes would differ from
 * run to run. */
void plan_share_threads(struct build *build)
{
    struct plan *plan = build->plan;
    double pixels = 0;
    for (int i = 0; i < plan->videos_count; i++) {
        const struct plan_picture *picture = &plan->pictures[plan->videos[i].picture];
        pixels += (double)picture->width * picture->height;
    }
    for (int i = 0; i < plan->videos_count; i++) {
        const struct plan_picture *picture = &plan->pictures[plan->videos[i].picture];
        double share = (double)picture->width * picture->height / pixels * build->options->threads;
        int most = picture->height / 64 > 1 ? picture->height / 64
                                            : 1; /* thinner slices of work wait on each other */
        bool alone = plan->videos_count >= build->options->threads || plan->videos[i].max_bitrate;
        int threads = alone ? 1 : (int)(share * 1.5 + 0.5);
        plan->videos[i].threads = threads < 1 ? 1 : threads > most ? most : threads;
    }
}

int plan_for_job(struct arena *arena, const struct job *job, const struct probe *probe,
                 const struct plan_options *options, struct plan **ret, struct error *err)
{
    struct plan_options known = *options;
    if (!known.threads)
        known.threads = machine_threads();
    struct plan *plan = ARENA_NEW(arena, struct plan);
    struct build build = {
        .arena = arena,
        .job = job,
        .input = job->Settings->Inputs[0],
        .probe = probe,
        .options = &known,
        .plan = plan,
    };
    plan->start_wall_us = options->start_wall_us;

    bool needs_video;
    make_room(&build, &needs_video);
    if (source_build(&build, needs_video, err) < 0)
        return -1;
    for (struct output_group **g = job->Settings->OutputGroups; *g; g++) {
        const struct group_type *type = find_group_type((*g)->OutputGroupSettings->Type);
        struct plan_group *group = &plan->groups[plan->groups_count];
        if (!type)
            return error_set(err, ERROR_BUG, "no output group type %d",
                             (int)(*g)->OutputGroupSettings->Type);
        group->type = type->type;
        group->name = (*g)->CustomName ? (*g)->CustomName : (*g)->Name ? (*g)->Name : type->name;
        group->outputs_first = plan->outputs_count;
        if (type->build(&build, *g, group, err) < 0)
            return -1;
        plan->groups_count++;
    }
    if (name_check_unique(&build, err) < 0)
        return -1;
    picture_cascade(&build);
    plan_share_threads(&build);
    *ret = plan;
    return 0;
}
