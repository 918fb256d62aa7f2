/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of job/ share while a job is checked.
 *
 *   form.c   where in the text the settings are
 *   parse.c  every member against its row
 *   rules.c  what no single row can say
 */
#ifndef JOB_CHECK_H
#define JOB_CHECK_H

#include "job/job.h"

/* The three forms of job text. */
struct form {
    enum { FORM_SETTINGS, FORM_REQUEST, FORM_ANSWER } kind;
    struct json *request;  /* what the settings are a member of; NULL for FORM_SETTINGS */
    struct json *settings; /* never NULL */
};

struct form job_form(struct json *root);

/* Runs the rules of a request, which is of that structure: of what is around its settings. */
void rules_check_request(struct arena *arena, const struct structure *structure,
                         const void *request, const struct json *request_text,
                         struct findings *findings);

/* Runs every other rule over the job, whose parts may be missing where rows have failed already. */
void rules_check(struct arena *arena, const struct job_settings *settings,
                 const struct json *settings_text, enum job_flags flags, struct findings *findings);

/* "RateControlMode" as it is on the wire, "rateControlMode". */
const char *wire_name(struct arena *arena, const char *name);

void findings_sort(struct findings *findings);
bool findings_full(const struct findings *findings); /* more are counted, but not kept */

#endif
