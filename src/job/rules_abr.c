/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of automated ABR: renditions that an analysis of the input chooses. */
#include "job/rules.h"

static const struct automated_abr_settings *abr_of(const struct output_group *group)
{
    const struct automated_encoding_settings *s = group->AutomatedEncodingSettings;
    return s ? s->AbrSettings : NULL;
}

static bool is_streaming(const struct output_group *group)
{
    int kind = group_kind(group);
    return kind != GROUP_FILE && kind != GROUP_OTHER;
}

void rule_automated_everywhere(const struct scope *scope)
{
    bool any = false;
    for (struct output_group **g = scope->job->OutputGroups; *g; g++)
        any |= is_streaming(*g) && (*g)->has_AutomatedEncodingSettings;
    for (struct output_group **g = scope->job->OutputGroups; any && *g; g++)
        if (is_streaming(*g) && !(*g)->has_AutomatedEncodingSettings)
            require(scope, &(*g)->place, "AutomatedEncodingSettings");
}

void rule_automated_group(const struct scope *scope)
{
    if (scope->group->has_AutomatedEncodingSettings && group_kind(scope->group) == GROUP_FILE)
        refuse(scope, &scope->group->place, NULL,
               "Should NOT have automatedEncodingSettings: they are for streaming groups");
}

void rule_automated_output(const struct scope *scope)
{
    int videos = 0;
    for (struct output **o = scope->group->Outputs; *o; o++)
        videos += (*o)->has_VideoDescription;
    if (scope->group->has_AutomatedEncodingSettings && videos > 1)
        refuse(scope, &scope->group->place, "Outputs",
               "Should have at most 1 output with video: the renditions are made from it");
}

void rule_automated_codec(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (!scope->group->has_AutomatedEncodingSettings)
        return;
    if (c->codec != VIDEO_CODEC_H_264 && c->codec != VIDEO_CODEC_H_265) {
        refuse(scope, c->place, NULL,
               "The codec must be H_264 or H_265: the group has automated ABR");
        return;
    }
    if (!c->multi_pass)
        refuse(scope, c->place, "QualityTuningLevel",
               "Must be MULTI_PASS_HQ: the group has automated ABR");
    if (c->rate != RATE_QVBR)
        refuse(scope, c->place, "RateControlMode", "Must be QVBR: the group has automated ABR");
}

void rule_automated_lists(const struct scope *scope)
{
    const struct automated_abr_settings *abr = abr_of(scope->group);
    bool allowed = false, forced = false;
    for (struct automated_abr_rule **r = abr ? abr->Rules : NULL; r && *r; r++) {
        bool is_allowed = (*r)->has_Type && (*r)->Type == RULE_TYPE_ALLOWED_RENDITIONS;
        bool is_forced = (*r)->has_Type && (*r)->Type == RULE_TYPE_FORCE_INCLUDE_RENDITIONS;
        int count = is_allowed  ? list_count((*r)->AllowedRenditions)
                    : is_forced ? list_count((*r)->ForceIncludeRenditions)
                                : 0;
        const char *list = is_allowed ? "AllowedRenditions" : "ForceIncludeRenditions";
        if ((is_allowed || is_forced) && !count)
            require(scope, &(*r)->place, list);
        if (count > abr->MaxRenditions)
            refuse(scope, &(*r)->place, list, "Should have at most %lld items, maxRenditions",
                   (long long)abr->MaxRenditions);
        allowed |= is_allowed;
        forced |= is_forced;
    }
    if (allowed && forced)
        refuse(scope, &abr->place, "Rules",
               "Should NOT have both ALLOWED_RENDITIONS and FORCE_INCLUDE_RENDITIONS");
}

void rule_automated_sizes(const struct scope *scope)
{
    const struct automated_abr_settings *abr = abr_of(scope->group);
    const struct min_top_rendition_size *top = NULL;
    const struct min_bottom_rendition_size *bottom = NULL;
    for (struct automated_abr_rule **r = abr ? abr->Rules : NULL; r && *r; r++) {
        top = (*r)->MinTopRenditionSize ? (*r)->MinTopRenditionSize : top;
        bottom = (*r)->MinBottomRenditionSize ? (*r)->MinBottomRenditionSize : bottom;
    }
    if (!top || !bottom)
        return;
    if (top->Width && bottom->Width > top->Width)
        refuse(scope, &bottom->place, "Width",
               "Should be less than or equal to %lld, that of the top", (long long)top->Width);
    if (top->Height && bottom->Height > top->Height)
        refuse(scope, &bottom->place, "Height",
               "Should be less than or equal to %lld, that of the top", (long long)top->Height);
}
