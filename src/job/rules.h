/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules between settings. tables/rules.def lists them; each is one function, called once for
 * every job, input, …, AAC track, as its line says.
 *
 * Rows have been checked before, and may have failed: a rule sees defaults in place of what did
 * not fit, asks has_X before it trusts a required enum, and says nothing about what the rows have
 * reported already. What it says about a structure that is broken is dropped.
 */
#ifndef JOB_RULES_H
#define JOB_RULES_H

#include "job/job.h"

enum rule_where {
    AT_JOB,
    AT_INPUT,
    AT_SELECTOR,
    AT_GROUP,
    AT_OUTPUT,
    AT_VIDEO,
    AT_H264,
    AT_AUDIO,
    AT_AAC
};

/* Where a rule looks. What its level is in is there, too: at AT_AAC input, selector, video and
 * h264 are NULL, all others are not. */
struct scope {
    struct arena *arena;
    struct findings *findings;
    struct json *text; /* of the settings, for places */
    enum job_flags flags;

    const struct job_settings *job;
    const struct input *input;
    const struct audio_selector *selector;
    const struct output_group *group;
    const struct output *output;
    const struct video_description *video;
    const struct h264_settings *h264;
    const struct audio_description *audio;
    const struct aac_settings *aac;
};

struct rule {
    enum rule_where where;
    const char *name;
    void (*check)(const struct scope *scope);
    const char *doc;
};

extern const struct rule job_rules[]; /* a NULL name ends them */

#define RULE(where, name, doc) void rule_##name(const struct scope *scope);
#include "job/tables/rules.def"
#undef RULE

/* Reports about `member` (as in job.json; NULL: the structure itself) of the structure at place. */
void refuse(const struct scope *scope, const struct place *place, const char *member,
            const char *fmt, ...) PRINTF(4, 5);
void warn(const struct scope *scope, const struct place *place, const char *member, const char *fmt,
          ...) PRINTF(4, 5);

/* "… is a required property" */
void require(const struct scope *scope, const struct place *place, const char *member);

enum { GROUP_OTHER, GROUP_HLS, GROUP_FILE };

/* What the group is, GROUP_OTHER where its Type is missing or refused. */
int group_kind(const struct output_group *group);

/* Whether the output has this container, codec; false where that is missing. */
bool output_has_container(const struct output *output, enum container_type container);
bool output_has_codec(const struct output *output, enum video_codec codec);

static inline int list_count(const void *list)
{
    void *const *items = list;
    int count = 0;
    while (items[count])
        count++;
    return count;
}

#endif
