/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the whole job and of its inputs. */
#include <string.h>

#include "job/rules.h"

void rule_one_input(const struct scope *scope)
{
    struct input **inputs = scope->job->Inputs;
    if (scope->job->has_Inputs && !inputs[0])
        refuse(scope, &scope->job->place, "Inputs", "Should have at least 1 items");
    if (inputs[0] && inputs[1])
        unsupported(scope, &inputs[1]->place, NULL,
                    "Several inputs are not supported yet: give one");
}

void rule_input_count(const struct scope *scope)
{
    const int most = 150;
    if (list_count(scope->job->Inputs) > most)
        refuse(scope, &scope->job->place, "Inputs", "Should have at most %d items", most);
}

void rule_outputs_exist(const struct scope *scope)
{
    const struct job_settings *job = scope->job;
    if (job->has_OutputGroups && !job->OutputGroups[0])
        refuse(scope, &job->place, "OutputGroups", "Should have at least 1 items");
    for (struct output_group **g = job->OutputGroups; *g; g++)
        if ((*g)->has_Outputs && !(*g)->Outputs[0])
            refuse(scope, &(*g)->place, "Outputs", "Should have at least 1 items");
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
        unsupported(scope, &selector->place, "Tracks",
                    "Several tracks in a selector are not supported yet: give one");
    if (selector->Pids.count > 1)
        unsupported(scope, &selector->place, "Pids",
                    "Several PIDs in a selector are not supported yet: give one");
}

void rule_selector_type(const struct scope *scope)
{
    const struct audio_selector *s = scope->selector;
    if (!s->has_SelectorType)
        return;
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_STREAM && !s->has_Streams)
        require(scope, &s->place, "Streams");
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_HLS_RENDITION_GROUP &&
        !s->has_HlsRenditionGroupSettings)
        require(scope, &s->place, "HlsRenditionGroupSettings");
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_TRACK && !s->has_Tracks)
        require(scope, &s->place, "Tracks");
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_PID && !s->has_Pids)
        require(scope, &s->place, "Pids");
    if (s->SelectorType == AUDIO_SELECTOR_TYPE_LANGUAGE_CODE && !s->has_LanguageCode &&
        !s->has_CustomLanguageCode)
        require(scope, &s->place, "LanguageCode");
}

void rule_selector_groups(const struct scope *scope)
{
    const struct input *input = scope->input;
    int count = list_count(input->AudioSelectors);
    struct words *names = words_new(scope->arena, count);
    for (int i = 0; i < count; i++)
        words_add(names, input->AudioSelectors[i]->place.name,
                  strlen(input->AudioSelectors[i]->place.name), i);
    for (struct audio_selector_group **g = input->AudioSelectorGroups; *g; g++)
        for (int i = 0; i < (*g)->AudioSelectorNames.count; i++) {
            const char *name = (*g)->AudioSelectorNames.items[i];
            if (name && words_find(names, name, strlen(name)) < 0)
                refuse(scope, &(*g)->place, "AudioSelectorNames",
                       "\"%.200s\" is no audio selector of this input", name);
        }
}

void rule_hdr10_input(const struct scope *scope)
{
    const struct video_selector *v = scope->input->VideoSelector;
    if (v && v->has_Hdr10Metadata && v->ColorSpace != COLOR_SPACE_HDR10)
        refuse(scope, &v->place, "ColorSpace", "Must be HDR10: there is hdr10Metadata");
}

void rule_file_or_generator(const struct scope *scope)
{
    const struct input *input = scope->input;
    if (input->has_FileInput && input->has_VideoGenerator)
        refuse(scope, &input->place, "FileInput", "Excludes videoGenerator");
    if (!input->has_FileInput && !input->has_VideoGenerator && !input->has_TamsSettings)
        require(scope, &input->place, "FileInput");
}

void rule_generator(const struct scope *scope)
{
    const struct input_video_generator *g = scope->input->VideoGenerator;
    if (!g)
        return;
    if (g->has_FramerateNumerator && !g->has_FramerateDenominator)
        require(scope, &g->place, "FramerateDenominator");
    if (g->has_FramerateDenominator && !g->has_FramerateNumerator)
        require(scope, &g->place, "FramerateNumerator");
    if (g->has_Width && !g->has_Height)
        require(scope, &g->place, "Height");
    if (g->has_Height && !g->has_Width)
        require(scope, &g->place, "Width");
    if (g->Width % 2)
        refuse(scope, &g->place, "Width", "Should be a multiple of 2");
    if (g->Height % 2)
        refuse(scope, &g->place, "Height", "Should be a multiple of 2");
}

void rule_tams(const struct scope *scope)
{
    const struct input_tams_settings *t = scope->input->TamsSettings;
    if (t && !t->has_AuthConnectionArn)
        require(scope, &t->place, "AuthConnectionArn");
    if (t && !t->has_SourceId)
        require(scope, &t->place, "SourceId");
    if (t && !t->has_Timerange)
        require(scope, &t->place, "Timerange");
}

void rule_lut_count(const struct scope *scope)
{
    const int most = 8;
    if (list_count(scope->job->ColorConversion3DLUTSettings) > most)
        refuse(scope, &scope->job->place, NULL,
               "Should have at most %d colorConversion3DLUTSettings", most);
}

void rule_motion_images(const struct scope *scope)
{
    const struct job_settings *job = scope->job;
    if (job->has_MotionImageInserter && job->MotionImageInserters[0])
        refuse(scope, &job->place, "MotionImageInserters", "Excludes motionImageInserter");
}

void rule_nielsen(const struct scope *scope)
{
    const struct nielsen_non_linear_watermark_settings *n = scope->job->NielsenNonLinearWatermark;
    if (!n)
        return;
    bool cbet = n->has_ActiveWatermarkProcess &&
                n->ActiveWatermarkProcess != NIELSEN_ACTIVE_WATERMARK_PROCESS_TYPE_NAES2_AND_NW;
    const struct {
        const char *member;
        bool given;
    } members[] = {{"AssetId", n->has_AssetId},
                   {"AssetName", n->has_AssetName},
                   {"SourceId", n->has_SourceId},
                   {"SourceWatermarkStatus", n->has_SourceWatermarkStatus},
                   {"TicServerUrl", n->has_TicServerUrl},
                   {"CbetSourceId", n->has_CbetSourceId || !cbet}};
    for (size_t i = 0; i < COUNT(members); i++)
        if (!members[i].given)
            require(scope, &n->place, members[i].member);
    if (n->has_SourceWatermarkStatus &&
        n->SourceWatermarkStatus == NIELSEN_SOURCE_WATERMARK_STATUS_TYPE_WATERMARKED)
        refuse(scope, &n->place, "SourceWatermarkStatus",
               "Must be CLEAN: what has a watermark is not given another");
}
