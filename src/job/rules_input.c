/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the whole job and of its inputs. */
#include <string.h>

#include "job/rules.h"

void rule_one_input(const struct scope *scope)
{
    struct input **inputs = scope->job->Inputs;
    if (scope->job->has_Inputs && !inputs[0])
        refuse(scope, &scope->job->place, "Inputs", "Should NOT have fewer than 1 items");
    if (inputs[0] && inputs[1])
        refuse(scope, &inputs[1]->place, NULL, "Several inputs are not supported yet: give one");
}

void rule_outputs_exist(const struct scope *scope)
{
    const struct job_settings *job = scope->job;
    if (job->has_OutputGroups && !job->OutputGroups[0])
        refuse(scope, &job->place, "OutputGroups", "Should NOT have fewer than 1 items");
    for (struct output_group **g = job->OutputGroups; *g; g++)
        if ((*g)->has_Outputs && !(*g)->Outputs[0])
            refuse(scope, &(*g)->place, "Outputs", "Should NOT have fewer than 1 items");
}

void rule_not_captures_alone(const struct scope *scope)
{
    int captures = 0, others = 0;
    for (struct output_group **g = scope->job->OutputGroups; *g; g++)
        for (struct output **o = (*g)->Outputs; *o; o++) {
            bool capture = output_has_codec(*o, VIDEO_CODEC_FRAME_CAPTURE);
            captures += capture;
            others += !capture;
        }
    if (captures && !others)
        refuse(scope, &scope->job->place, "OutputGroups",
               "You can create frame capture outputs only in jobs that also have a regular output");
}

void rule_local_file(const struct scope *scope)
{
    const struct input *input = scope->input;
    bool local = input->FileInput && strncmp(input->FileInput, "file://", 7) == 0;
    if (local && !(scope->flags & JOB_LOCAL_FILES))
        refuse(scope, &input->place, "FileInput", "file:// is for the command line: give s3://");
}

void rule_filter_strength(const struct scope *scope)
{
    const struct input *input = scope->input;
    bool filters = input->DeblockFilter == INPUT_DEBLOCK_FILTER_ENABLED ||
                   input->DenoiseFilter == INPUT_DENOISE_FILTER_ENABLED;
    if (filters && input->FilterEnable == INPUT_FILTER_ENABLE_FORCE && input->FilterStrength < 1)
        refuse(scope, &input->place, "FilterStrength", "Should be greater than or equal to 1");
}

void rule_one_track(const struct scope *scope)
{
    const struct audio_selector *selector = scope->selector;
    if (selector->Tracks.count > 1)
        refuse(scope, &selector->place, "Tracks",
               "Several tracks in a selector are not supported yet: give one");
    if (selector->Pids.count > 1)
        refuse(scope, &selector->place, "Pids",
               "Several PIDs in a selector are not supported yet: give one");
}

void rule_selector_type(const struct scope *scope)
{
    const struct audio_selector *s = scope->selector;
    if (!s->has_SelectorType)
        return;
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_TRACK && !s->has_Tracks)
        require(scope, &s->place, "Tracks");
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_PID && !s->has_Pids)
        require(scope, &s->place, "Pids");
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_LANGUAGE_CODE && !s->has_LanguageCode &&
        !s->has_CustomLanguageCode)
        require(scope, &s->place, "LanguageCode");
}
