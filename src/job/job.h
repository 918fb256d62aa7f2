/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.json → struct job: read, every member checked, defaults filled in.
 *
 *   text → json_parse() → [overrides: --input, --destination, --set] → job_new() → struct job
 *
 * Everything that is wrong is found at once and collected in `findings`, with its place; a job
 * comes out only if there is no error among them. What needs the input to be known (a size that
 * is odd only after scaling, an audio track that is not there) is plan/'s to find.
 *
 * The text may be bare settings, a CreateJob request with the settings in it, or a GetJob answer,
 * in UpperCamelCase (job.json, boto3, the CLI) or lowerCamelCase (the wire).
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "job/tables.h"

struct cJSON;

enum finding_severity { FINDING_ERROR, FINDING_WARNING };

struct finding {
    enum finding_severity severity;
    const char *pointer; /* wire form, relative to the settings as the service does it */
    size_t at;           /* byte offset in the text; JSON_NOWHERE when set from outside it */
    const char *message; /* without the pointer */
};

/* Findings in the order of the text. Owned by the arena given at the start. */
struct findings {
    struct arena *arena;
    struct finding *items;
    int count, capacity;
    int errors, warnings;
};

void findings_init(struct findings *findings, struct arena *arena);
void findings_add(struct findings *findings, enum finding_severity severity, const char *pointer,
                  size_t at, const char *fmt, ...) PRINTF(5, 6);

/* For a person: "FILE:LINE:COLUMN: error: /pointer: message", the line and a caret below it. */
void findings_print(const struct findings *findings, const char *file, const char *text,
                    size_t size, struct text *out);

/* For a program: an array of {severity, pointer, line, column, message}; the caller's. */
struct cJSON *findings_json(const struct findings *findings, const char *text, size_t size);

struct job {
    struct create_job_request *Request; /* its Settings member included; never NULL, empty where
                                         * the text is bare settings */
    struct job_settings *Settings;      /* never NULL */
};

enum job_flags {
    JOB_LOCAL_FILES = 1, /* FileInput may be file:///path, for the person at the terminal only */
};

/* json_parse() whose error becomes a finding; NULL if there was one. */
struct json *job_read(struct arena *arena, const char *text, size_t size,
                      struct findings *findings) MUST_CHECK;

/* Reads the settings in `root` (one of the three forms) and checks all of them. Returns NULL if
 * there is an error among the findings. The job lives in `arena`, and may point into `root`. */
struct job *job_new(struct arena *arena, const struct json *root, enum job_flags flags,
                    struct findings *findings) MUST_CHECK;

/* What the tutorial's Lambda function does to a job before it submits it. Both change the tree.
 *
 * job_set_input: the first input's FileInput; a path on disk becomes file:///absolute/path.
 * job_set_destination: every group's Destination becomes `s3://bucket/prefix` followed by the
 * path of its old Destination. */
int job_set_input(struct arena *arena, struct json *root, const char *input,
                  struct error *err) MUST_CHECK;
int job_set_destination(struct arena *arena, struct json *root, const char *destination,
                        struct error *err) MUST_CHECK;

/* Like json_set(), relative to the settings wherever they are in the tree. */
int job_set(struct arena *arena, struct json *root, const char *pointer, const char *value,
            struct error *err) MUST_CHECK;

/* Every structure that has a table, by name; ends with NULL. For `settings` and the docs. */
extern const struct structure *const job_structures[];

#endif
