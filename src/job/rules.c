/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a job that calls every rule where it belongs. */
#include "job/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "job/check.h"

#define RULE(where, name, doc) {AT_##where, #name, rule_##name, doc},
const struct rule job_rules[] = {
#include "job/tables/rules.def"
    {0}};
#undef RULE

/* Behind a value that its row has refused stands a default, which tells a rule nothing. */
static bool is_refused(const struct findings *findings, const char *pointer)
{
    for (int i = 0; i < findings->count; i++)
        if (findings->items[i].severity == FINDING_ERROR &&
            strcmp(findings->items[i].pointer, pointer) == 0)
            return true;
    return false;
}

static void report(const struct scope *scope, enum finding_severity severity,
                   const struct place *place, const char *member, const char *fmt, va_list args)
{
    char message[1024];
    if (place->broken)
        return;
    vsnprintf(message, sizeof(message), fmt, args);
    if (findings_full(scope->findings))
        return findings_add(scope->findings, severity, "", JSON_NOWHERE, "%s", message);

    const char *pointer = place->pointer;
    const struct json *object = json_find(scope->text, pointer), *value = object;
    if (member) {
        pointer = arena_printf(scope->arena, "%s/%s", pointer, wire_name(scope->arena, member));
        value = json_find(scope->text, pointer);
        if (is_refused(scope->findings, pointer))
            return;
    }
    value = value ? value : object;
    findings_add(scope->findings, severity, pointer, value ? value->at : JSON_NOWHERE, "%s",
                 message);
}

void refuse(const struct scope *scope, const struct place *place, const char *member,
            const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    report(scope, FINDING_ERROR, place, member, fmt, args);
    va_end(args);
}

void warn(const struct scope *scope, const struct place *place, const char *member, const char *fmt,
          ...)
{
    va_list args;
    va_start(args, fmt);
    report(scope, FINDING_WARNING, place, member, fmt, args);
    va_end(args);
}

void require(const struct scope *scope, const struct place *place, const char *member)
{
    refuse(scope, place, NULL, "%s is a required property", wire_name(scope->arena, member));
}

int group_kind(const struct output_group *group)
{
    const struct output_group_settings *s = group->OutputGroupSettings;
    if (!s || !s->has_Type || s->place.broken)
        return GROUP_OTHER;
    return s->Type == OUTPUT_GROUP_TYPE_HLS_GROUP_SETTINGS    ? GROUP_HLS
           : s->Type == OUTPUT_GROUP_TYPE_FILE_GROUP_SETTINGS ? GROUP_FILE
                                                              : GROUP_OTHER;
}

bool output_has_container(const struct output *output, enum container_type container)
{
    const struct container_settings *s = output->ContainerSettings;
    return s && s->has_Container && !s->place.broken && s->Container == container;
}

bool output_has_codec(const struct output *output, enum video_codec codec)
{
    const struct video_description *video = output->VideoDescription;
    const struct video_codec_settings *s = video ? video->CodecSettings : NULL;
    return s && s->has_Codec && !s->place.broken && s->Codec == codec;
}

static void check_all(enum rule_where where, const struct scope *scope)
{
    for (const struct rule *rule = job_rules; rule->name; rule++)
        if (rule->where == where)
            rule->check(scope);
}

static void check_video(struct scope scope)
{
    const struct video_codec_settings *codec = scope.video->CodecSettings;
    check_all(AT_VIDEO, &scope);
    if (codec && codec->H264Settings) {
        scope.h264 = codec->H264Settings;
        check_all(AT_H264, &scope);
    }
}

static void check_audio(struct scope scope)
{
    const struct audio_codec_settings *codec = scope.audio->CodecSettings;
    check_all(AT_AUDIO, &scope);
    if (codec && codec->AacSettings) {
        scope.aac = codec->AacSettings;
        check_all(AT_AAC, &scope);
    }
}

static void check_output(struct scope scope)
{
    check_all(AT_OUTPUT, &scope);
    scope.video = scope.output->VideoDescription;
    if (scope.video)
        check_video(scope);
    scope.video = NULL;
    for (struct audio_description **a = scope.output->AudioDescriptions; *a; a++) {
        scope.audio = *a;
        check_audio(scope);
    }
}

static void check_group(struct scope scope)
{
    check_all(AT_GROUP, &scope);
    for (struct output **o = scope.group->Outputs; *o; o++) {
        scope.output = *o;
        check_output(scope);
    }
}

static void check_input(struct scope scope)
{
    check_all(AT_INPUT, &scope);
    for (struct audio_selector **s = scope.input->AudioSelectors; *s; s++) {
        scope.selector = *s;
        check_all(AT_SELECTOR, &scope);
    }
}

void rules_check(struct arena *arena, const struct job_settings *settings,
                 const struct json *settings_text, enum job_flags flags, struct findings *findings)
{
    struct scope scope = {.arena = arena,
                          .findings = findings,
                          .text = (struct json *)settings_text, /* looked at, not changed */
                          .flags = flags,
                          .job = settings};
    check_all(AT_JOB, &scope);
    for (struct input **i = settings->Inputs; *i; i++) {
        scope.input = *i;
        check_input(scope);
    }
    scope.input = NULL;
    for (struct output_group **g = settings->OutputGroups; *g; g++) {
        scope.group = *g;
        check_group(scope);
    }
}
