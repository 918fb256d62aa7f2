/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Object names: a Destination's base, then modifiers with their format identifiers ($dt$, $h%04$
 * …), as the user guide lists them under "settings variables". A table of identifiers, one loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "plan/build.h"

struct scope {
    struct build *build;
    const struct name_values *values; /* NULL in a Destination */
};

static const struct plan_video *video_of(const struct scope *scope)
{
    const struct plan_output *output = scope->values->output;
    return output->video < 0 ? NULL : &scope->build->plan->videos[output->video];
}

static const struct plan_picture *picture_of(const struct scope *scope)
{
    const struct plan *plan = scope->build->plan;
    const struct plan_video *video = video_of(scope);
    if (video)
        return &plan->pictures[video->picture];
    if (scope->values->output->container == CONTAINER_CAPTURE)
        return &plan->pictures[scope->values->output->capture.picture];
    return NULL;
}

static const char *number(const struct scope *scope, int64_t value)
{
    return arena_printf(scope->build->arena, "%lld", (long long)value);
}

static const char *date(const struct scope *scope, const char *format)
{
    char text[64];
    return arena_strdup(scope->build->arena,
                        clock_format(scope->build->plan->start_wall_us, format, text));
}

static const char *date_time(const struct scope *scope)
{
    return date(scope, "%Y%m%dT%H%M%S");
}

static const char *date_only(const struct scope *scope)
{
    return date(scope, "%Y%m%d");
}

static const char *time_only(const struct scope *scope)
{
    return date(scope, "%H%M%S");
}

static int64_t video_bitrate(const struct scope *scope)
{
    return video_of(scope) ? video_of(scope)->name_bitrate : 0;
}

static int64_t audio_bitrate(const struct scope *scope)
{
    int64_t sum = 0;
    for (int i = 0; i < scope->values->output->audios_count; i++)
        sum += scope->build->plan->audios[scope->values->output->audios[i].audio].bitrate;
    return sum;
}

static const char *video_kilobits(const struct scope *scope)
{
    return number(scope, video_bitrate(scope) / 1000);
}

static const char *audio_bits(const struct scope *scope)
{
    return number(scope, audio_bitrate(scope));
}

static const char *container_kilobits(const struct scope *scope)
{
    return number(scope, (video_bitrate(scope) + audio_bitrate(scope)) / 1000);
}

static const char *width(const struct scope *scope)
{
    return number(scope, picture_of(scope) ? picture_of(scope)->width : 0);
}

static const char *height(const struct scope *scope)
{
    return number(scope, picture_of(scope) ? picture_of(scope)->height : 0);
}

static const char *frame_rate(const struct scope *scope)
{
    AVRational rate =
        video_of(scope) ? video_of(scope)->frame_rate : scope->build->plan->source.frame_rate;
    return number(scope, rate.num / rate.den);
}

static const char *file_name(const struct scope *scope)
{
    return scope->build->probe->name;
}

static const char *extension(const struct scope *scope)
{
    return scope->values->extension;
}

static const char *dollar(const struct scope *scope)
{
    (void)scope;
    return "$";
}

static const struct {
    const char *name;
    const char *(*value)(const struct scope *scope);
    bool in_destination, per_segment;
} identifiers[] = {
    {"dt", date_time, true, true},
    {"d", date_only, true, true},
    {"t", time_only, true, true},
    {"fn", file_name, true, false},
    {"rv", video_kilobits, false, false},
    {"ra", audio_bits, false, false},
    {"rc", container_kilobits, false, false},
    {"w", width, false, false},
    {"h", height, false, false},
    {"f", frame_rate, false, false},
    {"ex", extension, false, false},
    {"", dollar, false, true},
};

/* What is expanded again when a segment is complete keeps its dollars doubled until then. */
static void add_value(const struct scope *scope, const char *value, struct text *out)
{
    bool again = scope->values && scope->values->segment;
    for (const char *c = value; *c; c++)
        text_add(out, "%s%c", *c == '$' && again ? "$" : "", *c);
}

/* "%04": at least so many digits; a number of them, 0 without. -1: something else. */
static int read_digits(const char *text, size_t length)
{
    if (!length)
        return 0;
    int digits = 0;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || digits > 99)
            return -1;
        digits = digits * 10 + text[i] - '0';
    }
    return length > 1 && digits <= 20 ? digits : -1;
}

/* Expands one identifier, the text between two dollars: "h" or "h%04". */
static int expand_one(const struct scope *scope, const char *text, size_t length, struct text *out,
                      const char *at, struct error *err)
{
    const char *percent = memchr(text, '%', length);
    size_t name_length = percent ? (size_t)(percent - text) : length;
    int digits = read_digits(percent ? percent : text, length - name_length);
    for (size_t i = 0; i < COUNT(identifiers); i++) {
        if (strlen(identifiers[i].name) != name_length ||
            memcmp(identifiers[i].name, text, name_length))
            continue;
        if (digits < 0 || (!scope->values && !identifiers[i].in_destination))
            break;
        if (scope->values && scope->values->segment && identifiers[i].per_segment) {
            text_add(out, "$%.*s$", (int)length, text);
            return 0;
        }
        const char *value = identifiers[i].value(scope);
        for (int pad = digits; pad > (int)strlen(value); pad--)
            text_add(out, "0");
        add_value(scope, value, out);
        return 0;
    }
    error_set(err, ERROR_SETTINGS, "Unknown format identifier [$%.*s$]", (int)length, text);
    snprintf(err->at, sizeof(err->at), "%s", at);
    return -1;
}

static int expand(const struct scope *scope, const char *template, const char *at, const char **ret,
                  struct error *err)
{
    CLEANUP(text_release) struct text out = {0};
    int r = 0;
    for (const char *c = template; *c && r == 0;) {
        const char *end = *c == '$' ? strchr(c + 1, '$') : NULL;
        if (end) {
            r = expand_one(scope, c + 1, (size_t)(end - c - 1), &out, at, err);
            c = end + 1;
        } else {
            text_append(&out, c++, 1);
        }
    }
    *ret = arena_strdup(scope->build->arena, out.data ? out.data : "");
    return r;
}

int name_expand(struct build *build, const char *template, const struct name_values *values,
                const char *at, const char **ret, struct error *err)
{
    struct scope scope = {build, values};
    return expand(&scope, template ? template : "", at, ret, err);
}

int name_destination(struct build *build, const char *destination, const char *at, const char **ret,
                     struct error *err)
{
    /* "If you do not specify the base filename in the URI, the service uses the filename of the
     * input file." No Destination at all would be next to the input; a folder of our own is not
     * guessed at. */
    struct scope scope = {build, NULL};
    if (expand(&scope, destination, at, ret, err) < 0)
        return -1;
    size_t length = strlen(*ret);
    bool bucket_only = !strchr(*ret + strlen("s3://"), '/');
    if (bucket_only)
        *ret = arena_printf(build->arena, "%s/%s", *ret, build->probe->name);
    else if ((*ret)[length - 1] == '/')
        *ret = arena_printf(build->arena, "%s%s", *ret, build->probe->name);
    return 0;
}

const char *plan_segment_modifier(struct arena *arena, const struct plan_rendition *rendition,
                                  int64_t completed_wall_us)
{
    struct plan plan = {.start_wall_us = completed_wall_us};
    struct build build = {.arena = arena, .plan = &plan};
    struct error ignored; /* only identifiers that are known are left */
    const char *expanded = "";
    (void)!name_expand(&build, rendition->segment_modifier, &(struct name_values){.segment = false},
                       "", &expanded, &ignored);
    return expanded;
}

struct named {
    const char *uri;   /* of an object, or the pattern of many */
    const char *label; /* of whom it is */
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->uri, ((const struct named *)b)->uri);
}

/* The names an output puts: its playlist or file, and its segments or captures. */
static int output_names(struct build *build, const struct plan_output *output, struct named *ret)
{
    const struct plan_rendition *rendition = &output->rendition;
    const struct plan_group *group = &build->plan->groups[output->group];
    int count = 0;
    if (group->type == GROUP_HLS) {
        if (group->hls.playlists)
            ret[count++] = (struct named){output->uri, output->label};
        const char *segments = arena_printf(build->arena, "%s%s%s%s*%s", rendition->segment_prefix,
                                            rendition->subdirectory, rendition->segment_name,
                                            rendition->segment_modifier, rendition->segment_suffix);
        ret[count++] = (struct named){segments, output->label};
    } else if (output->container == CONTAINER_CAPTURE) {
        const char *captures =
            arena_printf(build->arena, "%s.*.%s", output->uri, output->capture.extension);
        ret[count++] = (struct named){captures, output->label};
    } else {
        ret[count++] = (struct named){output->uri, output->label};
    }
    return count;
}

int name_check_unique(struct build *build, struct error *err)
{
    const struct plan *plan = build->plan;
    struct named *names =
        ARENA_ARRAY(build->arena, struct named, 2 * plan->outputs_count + plan->groups_count);
    int count = 0;
    for (int i = 0; i < plan->groups_count; i++)
        if (plan->groups[i].type == GROUP_HLS && plan->groups[i].hls.playlists)
            names[count++] = (struct named){plan->groups[i].hls.playlist_uri, plan->groups[i].name};
    for (int i = 0; i < plan->outputs_count; i++)
        count += output_names(build, &plan->outputs[i], &names[count]);
    qsort(names, (size_t)count, sizeof(*names), compare_names);
    for (int i = 1; i < count; i++)
        if (!strcmp(names[i - 1].uri, names[i].uri))
            return error_set(err, ERROR_SETTINGS, "%s and %s would both be written to [%s]",
                             names[i - 1].label, names[i].label, names[i].uri);
    return 0;
}

/* How S3 spells what MediaConvert spells in capitals. */
static const char *const canned_acls[] = {
    [S3_OBJECT_CANNED_ACL_PUBLIC_READ] = "public-read",
    [S3_OBJECT_CANNED_ACL_AUTHENTICATED_READ] = "authenticated-read",
    [S3_OBJECT_CANNED_ACL_BUCKET_OWNER_READ] = "bucket-owner-read",
    [S3_OBJECT_CANNED_ACL_BUCKET_OWNER_FULL_CONTROL] = "bucket-owner-full-control",
};

/* How S3 spells who keeps the keys. */
static const char *const encryptions[] = {
    [S3_SERVER_SIDE_ENCRYPTION_TYPE_SERVER_SIDE_ENCRYPTION_S3] = "AES256",
    [S3_SERVER_SIDE_ENCRYPTION_TYPE_SERVER_SIDE_ENCRYPTION_KMS] = "aws:kms",
};

static void add_encryption(const struct s3_encryption_settings *from, struct object_headers *to)
{
    if (!from->has_EncryptionType)
        return;
    to->encryption = encryptions[from->EncryptionType];
    to->kms_key = from->KmsKeyArn;
    to->kms_context = from->KmsEncryptionContext;
}

struct object_headers name_headers(const struct destination_settings *settings)
{
    struct object_headers headers = {0};
    const struct s3_destination_settings *s3 = settings ? settings->S3Settings : NULL;
    if (s3 && s3->AccessControl && s3->AccessControl->has_CannedAcl)
        headers.canned_acl = canned_acls[s3->AccessControl->CannedAcl];
    if (s3 && s3->has_StorageClass)
        headers.storage_class = s3_storage_class_choices[s3->StorageClass].name;
    if (s3 && s3->Encryption)
        add_encryption(s3->Encryption, &headers);
    return headers;
}
