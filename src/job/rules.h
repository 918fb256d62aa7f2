/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules between settings. tables/rules.def lists them; each is one function, called once for
 * every job, input, …, AAC track, as its line says.
 *
 * Rows have been checked before, and may have failed: a rule sees defaults in place of what did
 * not fit, asks has_X before it trusts a required enum, and says nothing about what the rows have
 * reported already. What it says about a structure that is broken is dropped.
 *
 * Rules hold for the service, so they also look into what is refused here: a job for H.265 or
 * DASH is checked whole. What only this program asks for says "not supported yet".
 */
#ifndef JOB_RULES_H
#define JOB_RULES_H

#include "job/job.h"

enum rule_where {
    AT_REQUEST,
    AT_JOB,
    AT_INPUT,
    AT_SELECTOR,
    AT_CAPTION_SELECTOR,
    AT_GROUP,
    AT_OUTPUT,
    AT_VIDEO,
    AT_CODING,
    AT_H264,
    AT_H265,
    AT_AUDIO,
    AT_AAC,
    AT_CAPTION
};

struct words;
struct request;
struct package;
struct coding;

/* Where a rule looks. What its level is in is there, too: at AT_AAC input, selector, video and
 * h264 are NULL, all others are not. At AT_REQUEST there is the request alone. */
struct scope {
    struct arena *arena;
    struct findings *findings;
    struct json *text; /* of the settings, or of the request, for places */
    enum job_flags flags;
    struct words *reported; /* pointers of errors: BY_ROW, BY_RULE */
    struct words *warned;   /* pointers of the rows' warnings, and of what is not supported */
    struct words *sounds;   /* what AudioSourceName may name: selectors and groups of input 0 */
    bool has_default_sound; /* input 0 has a selector for those that name none */
    struct words *captions; /* what CaptionSelectorName may name: selectors of any input */

    const struct request *request;
    const struct job_settings *job;
    const struct input *input;
    const struct audio_selector *selector;
    const struct caption_selector *caption_selector;
    const struct output_group *group;
    const struct package *package;
    const struct output *output;
    const struct video_description *video;
    const struct coding *coding;
    const struct h264_settings *h264;
    const struct h265_settings *h265;
    const struct audio_description *audio;
    const struct aac_settings *aac;
    const struct caption_description *caption;
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

/* One of several messages that the service gives together: said even where another rule has
 * spoken of the same member. */
void refuse_also(const struct scope *scope, const struct place *place, const char *member,
                 const char *fmt, ...) PRINTF(4, 5);

/* An error of this program alone: the service does it, here it is REFUSED. */
void unsupported(const struct scope *scope, const struct place *place, const char *member,
                 const char *fmt, ...) PRINTF(4, 5);

/* "… is a required property" */
void require(const struct scope *scope, const struct place *place, const char *member);

/* "Should be less than or equal to …" */
void limit(const struct scope *scope, const struct place *place, const char *member, int64_t value,
           int64_t most);

/* Words, each with a number: a job has thousands of names, which are not to be compared with one
 * another. Both return the number that a word had before, or -1. */
struct words *words_new(struct arena *arena, int most);
int words_count(const struct words *words);
int words_find(const struct words *words, const char *word, size_t length);
int words_add(struct words *words, const char *word, size_t length, int number);

/* What the group is, GROUP_OTHER where its Type is missing. */
enum { GROUP_OTHER, GROUP_HLS, GROUP_FILE, GROUP_DASH, GROUP_SMOOTH, GROUP_CMAF };

int group_kind(const struct output_group *group);

/* Whether the output has this container, codec; false where that is missing. */
bool output_has_container(const struct output *output, enum container_type container);
bool output_has_codec(const struct output *output, enum video_codec codec);
bool is_audio_only(const struct output *output);

static inline int list_count(const void *list)
{
    void *const *items = list;
    int count = 0;
    while (items[count])
        count++;
    return count;
}

/* What is around the settings of a job, template or preset, and what a queue is made of; made in
 * rules_request.c from the request. What a kind has not is 0 or NULL. */
struct request {
    const struct place *place;
    struct hop_destination **hops;
    const struct string_map *tags, *metadata;
    bool reserved, has_reservation;
};

struct request request_of(const struct structure *structure, const void *request);

/* What kinds of groups have in common, made in rules_package.c from the settings object that Type
 * names. What a kind has not, and what is left out, is 0 or NULL. */
struct manifest {
    const struct place *place;
    const char *modifier;
    struct string_list outputs;
};

struct trick_play {
    const struct place *place;
    bool follows_segments;
    int64_t width, height, columns, rows;
    bool has_columns, has_rows;
};

struct package {
    const struct place *place; /* NULL: the object is not there */
    const char *destination;
    const struct destination_settings *destination_settings;

    int64_t segment, fragment; /* s */
    double final_segment;      /* s */
    bool on_demand, single_file;

    struct manifest *manifests;
    int manifest_count;

    bool has_pictures, has_picture_variants;     /* settings of trick play are given */
    bool reads_pictures, reads_picture_variants; /* … and are read */
    struct trick_play *pictures;
    int picture_count;

    const struct place *encryption;
    bool by_speke, by_static_key; /* as its Type says */
    bool has_speke, has_static_key;
    const struct encryption_contract_configuration *contract;
    const struct speke_key_provider *speke;           /* of HLS, DASH and Smooth Streaming */
    const struct speke_key_provider_cmaf *speke_cmaf; /* of CMAF */
};

struct package package_of(struct arena *arena, const struct output_group *group);

/* What video codecs have in common, made in rules_coding.c. */
struct given {
    bool has;
    int64_t value;
};

struct fraction {
    bool exists, specified; /* the codec has it; its Control is SPECIFIED */
    struct given numerator, denominator;
};

struct coding {
    const struct place *place;
    enum video_codec codec;

    enum { RATE_UNSAID, RATE_CBR, RATE_VBR, RATE_QVBR } rate;
    bool rate_unsaid;   /* RateControlMode is left out, whatever its default */
    bool takes_bitrate; /* CBR and VBR need it */
    struct given Bitrate, MaxBitrate;
    const struct place *qvbr; /* NULL: no QvbrSettings */
    bool has_quality, has_fine_tune, has_max_average;
    bool multi_pass;

    struct fraction frame_rate, pixel_aspect;
    enum { GOP_UNSAID, GOP_AUTO, GOP_FRAMES, GOP_SECONDS } gop_units;
    struct given GopClosedCadence;
    bool has_gop_size;
    double gop_size;

    bool interlaced, optimized, hard_telecine, slow_pal;
    struct given Slices;
    bool narrows;           /* BandwidthReductionFilter */
    bool grains;            /* FilmGrainSynthesis */
    bool metric_of_quality; /* PerFrameMetrics has QVBR */
};

enum { CODINGS_MAX = 15 };

/* All codec settings that are there, also those of another codec than Codec's; returns how many. */
int codings_of(const struct video_codec_settings *settings, struct coding codings[CODINGS_MAX]);

/* Frames per second, and seconds from one keyframe to the next; 0: the input decides. */
double coding_frame_rate(const struct coding *coding);
double coding_gop_seconds(const struct coding *coding);

#endif
