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
    const char *pointer;  /* wire form, relative to the settings as the service does it */
    size_t at;            /* byte offset in the text; JSON_NOWHERE when set from outside it */
    size_t order;         /* where it stands among the findings: `at`, or that of its chain */
    const char *message;  /* without the pointer; the service's words where they are known */
    const char *hint;     /* for a person: "did you mean \"VBR\"?"; or NULL */
    enum support support; /* IGNORED or REFUSED where that is what the finding says; else EXACT */
};

/* Findings in the order of the text. Owned by the arena given at the start. */
struct findings {
    struct arena *arena;
    struct finding *items;
    int count, capacity;
    int errors, warnings;
    struct finding *last;        /* what was added last; NULL where that was too many to keep */
    bool in_chain, has_chain_at; /* what is added stands where the chain's first stands */
    size_t chain_at;
};

void findings_init(struct findings *findings, struct arena *arena);
void findings_add(struct findings *findings, enum finding_severity severity, const char *pointer,
                  size_t at, const char *fmt, ...) PRINTF(5, 6);

/* Between the two, findings belong together and keep their order: several messages that the service
 * gives as one answer. */
void findings_begin_chain(struct findings *findings);
void findings_end_chain(struct findings *findings);

/* Says how to mend what was added last: "did you mean \"nearest\"?". NULL: nothing is near. */
void findings_suggest(struct findings *findings, const char *nearest);

/* Adds what a support level means for the setting or value `name`: a warning where it is IGNORED,
 * an error where it is REFUSED, both with the reason. */
void findings_add_support(struct findings *findings, enum support support, const char *pointer,
                          size_t at, const char *name, const char *why);

/* For a person: "FILE:LINE:COLUMN: error: /pointer: message", the line with a caret below it, what
 * may have been meant, and at the end what the support levels mean that were spoken of. */
void findings_print(const struct findings *findings, const char *file, const char *text,
                    size_t size, struct text *out);

/* For a program: an array of {severity, pointer, line, column, message, hint, support}, the last
 * four where there are any; the caller's. */
struct cJSON *findings_json(const struct findings *findings, const char *text, size_t size);

struct job {
    struct create_job_request *Request; /* its Settings member included; never NULL, empty where
                                         * the text is bare settings */
    struct job_settings *Settings;      /* never NULL */
};

/* Which of the requests that store a part of a job `root` is, CreateJobTemplate's, CreatePreset's
 * or CreateQueue's, told by its members; NULL if it is none, but a job. */
const struct structure *job_stored_request(const struct json *root);

/* Checks such a request, every member for itself, and what is around its settings: what is missing
 * for a whole job may come from where it is used. */
void job_check_stored(struct arena *arena, const struct structure *request, const struct json *root,
                      struct findings *findings);

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
