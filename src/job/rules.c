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

/* Who has reported an error at a pointer. Behind a value that its row has refused stands a
 * default, which tells a rule nothing; one that is not supported yet is there, and is refused by
 * the service as well where a rule says so. */
enum { NOBODY = -1, BY_ROW, BY_RULE };

/* Enough for all findings that are kept, and one for each place. */
enum { POINTERS_MAX = 2048 };

static void remember_rows(struct scope *scope)
{
    scope->reported = words_new(scope->arena, POINTERS_MAX);
    scope->warned = words_new(scope->arena, POINTERS_MAX);
    for (int i = 0; i < scope->findings->count && i < POINTERS_MAX / 2; i++) {
        const struct finding *f = &scope->findings->items[i];
        bool wrong = f->severity == FINDING_ERROR && f->support != REFUSED;
        words_add(wrong ? scope->reported : scope->warned, f->pointer, strlen(f->pointer), BY_ROW);
    }
}

/* Whether something was said at the pointer that leaves nothing to say; else it is now. */
static bool is_said(const struct scope *scope, const char *pointer, enum finding_severity severity,
                    bool also)
{
    size_t length = strlen(pointer);
    if (severity == FINDING_WARNING)
        return words_find(scope->reported, pointer, length) != NOBODY ||
               words_find(scope->warned, pointer, length) != NOBODY;
    int by = words_add(scope->reported, pointer, length, BY_RULE);
    return by == BY_ROW || (by == BY_RULE && !also);
}

static void report(const struct scope *scope, enum finding_severity severity, bool also,
                   const struct place *place, const char *member, const char *fmt, va_list args)
{
    char message[1024];
    if (place->broken)
        return;
    if (findings_full(scope->findings)) /* it is counted */
        return findings_add(scope->findings, severity, "", JSON_NOWHERE, "%s", fmt);
    vsnprintf(message, sizeof(message), fmt, args);

    const char *pointer = place->pointer;
    const struct json *object = json_find(scope->text, pointer), *value = object;
    if (member) {
        pointer = arena_printf(scope->arena, "%s/%s", pointer, wire_name(scope->arena, member));
        value = json_find(scope->text, pointer);
        if (is_said(scope, pointer, severity, also))
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
    report(scope, FINDING_ERROR, false, place, member, fmt, args);
    va_end(args);
}

void refuse_also(const struct scope *scope, const struct place *place, const char *member,
                 const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    report(scope, FINDING_ERROR, true, place, member, fmt, args);
    va_end(args);
}

void unsupported(const struct scope *scope, const struct place *place, const char *member,
                 const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    scope->findings->last = NULL;
    report(scope, FINDING_ERROR, false, place, member, fmt, args);
    if (scope->findings->last)
        scope->findings->last->support = REFUSED;
    va_end(args);
}

void warn(const struct scope *scope, const struct place *place, const char *member, const char *fmt,
          ...)
{
    va_list args;
    va_start(args, fmt);
    report(scope, FINDING_WARNING, false, place, member, fmt, args);
    va_end(args);
}

void require(const struct scope *scope, const struct place *place, const char *member)
{
    refuse(scope, place, NULL, "%s is a required property", wire_name(scope->arena, member));
}

void limit(const struct scope *scope, const struct place *place, const char *member, int64_t value,
           int64_t most)
{
    if (value > most)
        refuse(scope, place, member, "Should be less than or equal to %lld", (long long)most);
}

int group_kind(const struct output_group *group)
{
    static const int kinds[] = {
        [OUTPUT_GROUP_TYPE_HLS_GROUP_SETTINGS] = GROUP_HLS,
        [OUTPUT_GROUP_TYPE_FILE_GROUP_SETTINGS] = GROUP_FILE,
        [OUTPUT_GROUP_TYPE_DASH_ISO_GROUP_SETTINGS] = GROUP_DASH,
        [OUTPUT_GROUP_TYPE_MS_SMOOTH_GROUP_SETTINGS] = GROUP_SMOOTH,
        [OUTPUT_GROUP_TYPE_CMAF_GROUP_SETTINGS] = GROUP_CMAF,
    };
    const struct output_group_settings *s = group->OutputGroupSettings;
    return s && s->has_Type && !s->place.broken ? kinds[s->Type] : GROUP_OTHER;
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

bool is_audio_only(const struct output *output)
{
    return !output->VideoDescription && output->AudioDescriptions[0];
}

static void check_all(enum rule_where where, const struct scope *scope)
{
    for (const struct rule *rule = job_rules; rule->name; rule++)
        if (rule->where == where)
            rule->check(scope);
}

static void check_codec(struct scope scope, const struct video_codec_settings *codec)
{
    struct coding codings[CODINGS_MAX];
    int count = codings_of(codec, codings);
    for (int i = 0; i < count; i++) {
        scope.coding = &codings[i];
        check_all(AT_CODING, &scope);
    }
    scope.coding = NULL;
    scope.h264 = codec->H264Settings;
    if (scope.h264)
        check_all(AT_H264, &scope);
    scope.h264 = NULL;
    scope.h265 = codec->H265Settings;
    if (scope.h265)
        check_all(AT_H265, &scope);
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
        check_all(AT_VIDEO, &scope);
    if (scope.video && scope.video->CodecSettings)
        check_codec(scope, scope.video->CodecSettings);
    scope.video = NULL;
    for (struct audio_description **a = scope.output->AudioDescriptions; *a; a++) {
        scope.audio = *a;
        check_audio(scope);
    }
    scope.audio = NULL;
    for (struct caption_description **c = scope.output->CaptionDescriptions; *c; c++) {
        scope.caption = *c;
        check_all(AT_CAPTION, &scope);
    }
}

static void check_group(struct scope scope)
{
    struct package package = package_of(scope.arena, scope.group);
    scope.package = &package;
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
    scope.selector = NULL;
    for (struct caption_selector **s = scope.input->CaptionSelectors; *s; s++) {
        scope.caption_selector = *s;
        check_all(AT_CAPTION_SELECTOR, &scope);
    }
}

/* The names of structures in an OBJECT_MAP. */
static void add_names(struct words *words, const void *map)
{
    for (void *const *item = map; *item; item++) {
        const struct place *place = *item;
        words_add(words, place->name, strlen(place->name), 0);
    }
}

static void collect_names(struct scope *scope)
{
    struct input **inputs = scope->job->Inputs;
    int sounds = 0, captions = 0;
    if (inputs[0])
        sounds = list_count(inputs[0]->AudioSelectors) +
                 list_count(inputs[0]->AudioSelectorGroups) +
                 list_count(inputs[0]->DynamicAudioSelectors);
    for (struct input **i = inputs; *i; i++)
        captions += list_count((*i)->CaptionSelectors);
    scope->sounds = words_new(scope->arena, sounds);
    scope->captions = words_new(scope->arena, captions);
    if (inputs[0]) {
        add_names(scope->sounds, inputs[0]->AudioSelectors);
        add_names(scope->sounds, inputs[0]->AudioSelectorGroups);
        add_names(scope->sounds, inputs[0]->DynamicAudioSelectors);
        for (struct audio_selector **s = inputs[0]->AudioSelectors; *s; s++)
            scope->has_default_sound |= (*s)->DefaultSelection == AUDIO_DEFAULT_SELECTION_DEFAULT;
    }
    for (struct input **i = inputs; *i; i++)
        add_names(scope->captions, (*i)->CaptionSelectors);
}

void rules_check_request(struct arena *arena, const struct structure *structure,
                         const void *request, const struct json *request_text,
                         struct findings *findings)
{
    struct request around = request_of(structure, request);
    struct scope scope = {.arena = arena,
                          .findings = findings,
                          .text = (struct json *)request_text, /* looked at, not changed */
                          .request = &around};
    remember_rows(&scope);
    check_all(AT_REQUEST, &scope);
}

void rules_check(struct arena *arena, const struct job_settings *settings,
                 const struct json *settings_text, enum job_flags flags, struct findings *findings)
{
    struct scope scope = {.arena = arena,
                          .findings = findings,
                          .text = (struct json *)settings_text, /* looked at, not changed */
                          .flags = flags,
                          .job = settings};
    remember_rows(&scope);
    collect_names(&scope);
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
