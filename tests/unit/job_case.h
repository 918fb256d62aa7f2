/* SPDX-License-Identifier: Apache-2.0 */
/* A case of a job test: a job that is right, what is changed in it, what is then found. */
#ifndef UNIT_JOB_CASE_H
#define UNIT_JOB_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "job/job.h"

#define INPUTS                                                                                     \
    "\"inputs\":[{\"fileInput\":\"s3://in/clip.mp4\",\"audioSelectors\":{\"Audio Selector 1\":{"   \
    "\"defaultSelection\":\"DEFAULT\"}}}]"
#define VIDEO                                                                                      \
    "\"videoDescription\":{\"width\":640,\"height\":360,\"codecSettings\":{\"codec\":\"H_264\","   \
    "\"h264Settings\":{\"rateControlMode\":\"QVBR\",\"maxBitrate\":1500000}}}"
#define AUDIO                                                                                      \
    "\"audioDescriptions\":[{\"codecSettings\":{\"codec\":\"AAC\",\"aacSettings\":{\"bitrate\":"   \
    "96000,"                                                                                       \
    "\"codingMode\":\"CODING_MODE_2_0\",\"sampleRate\":48000}}}]"

/* One MP4; and an HLS group of a picture and its sound. */
#define MP4_JOB                                                                                    \
    "{" INPUTS ",\"outputGroups\":[{\"outputGroupSettings\":{\"type\":\"FILE_GROUP_SETTINGS\","    \
    "\"fileGroupSettings\":{\"destination\":\"s3://out/\"}},\"outputs\":[{"                        \
    "\"containerSettings\":{\"container\":\"MP4\"}," VIDEO "," AUDIO "}]}]}"
static const char mp4_job[] = MP4_JOB;
static const char hls_job[] =
    "{" INPUTS ",\"outputGroups\":[{\"outputGroupSettings\":{\"type\":\"HLS_GROUP_SETTINGS\","
    "\"hlsGroupSettings\":{\"destination\":\"s3://out/\",\"minSegmentLength\":0}},\"outputs\":["
    "{\"nameModifier\":\"_v\",\"containerSettings\":{\"container\":\"M3U8\"}," VIDEO ","
    "\"outputSettings\":{\"hlsSettings\":{\"audioRenditionSets\":\"a\"}}},"
    "{\"nameModifier\":\"_a\",\"containerSettings\":{\"container\":\"M3U8\"}," AUDIO ","
    "\"outputSettings\":{\"hlsSettings\":{\"audioGroupId\":\"a\"}}}]}]}";

/* Where most cases change something. */
#define OUTPUT  "/outputGroups/0/outputs/0"
#define GROUP   "/outputGroups/0/outputGroupSettings"
#define HLS     GROUP "/hlsGroupSettings"
#define PICTURE OUTPUT "/videoDescription"
#define H264    PICTURE "/codecSettings/h264Settings"
#define SOUND   OUTPUT "/audioDescriptions/0"
#define AAC     SOUND "/codecSettings/aacSettings"

struct job_case {
    const char *base;
    const char *changes[5]; /* "/pointer=value"; null takes a member out */
    const char
        *expected; /* "POINTER: message" lines, a warning's with a "? " before; "" for none */
};

static inline struct json *case_read(struct arena *arena, const char *text)
{
    struct json *root;
    struct error err;
    size_t at;
    if (json_parse(arena, text, strlen(text), &root, &at, &err) < 0)
        fail_msg("at %zu of %s: %s", at, text, err.frame[0]);
    return root;
}

static inline void case_change(struct arena *arena, struct json *root, const char *change)
{
    struct error err;
    const char *equals = strchr(change, '=');
    const char *pointer = arena_strndup(arena, change, (size_t)(equals - change));
    if (json_set(arena, root, pointer, equals + 1, &err) < 0)
        fail_msg("%s: %s", change, err.frame[0]);
}

static inline void case_list(const struct findings *findings, struct text *out)
{
    text_append(out, "", 0);
    for (int i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        text_add(out, "%s%s%s: %s%s%s", i ? "\n" : "", f->severity == FINDING_WARNING ? "? " : "",
                 f->pointer, f->message, f->hint ? "; " : "", f->hint ? f->hint : "");
    }
}

/* The job, or NULL; `out` gets what was found. */
static inline const struct job *case_run(struct arena *arena, const struct job_case *c,
                                         enum job_flags flags, struct text *out)
{
    struct findings findings;
    struct json *root = case_read(arena, c->base);
    for (size_t i = 0; i < COUNT(c->changes) && c->changes[i]; i++)
        case_change(arena, root, c->changes[i]);
    findings_init(&findings, arena);
    const struct job *job = job_new(arena, root, flags, &findings);
    case_list(&findings, out);
    assert_true(!job == (findings.errors > 0));
    return job;
}

static inline void case_check(const struct job_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_release) struct text out = {0};
        case_run(arena, &cases[i], 0, &out);
        if (strcmp(out.data, cases[i].expected) != 0)
            fail_msg("case %zu, %s\n  found:\n%s\n  expected:\n%s", i, cases[i].changes[0],
                     out.data, cases[i].expected);
    }
}

#endif
