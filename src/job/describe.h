/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables, told: for the settings command, for programs, and as docs/settings.md. Nothing here
 * knows a single setting; all of it is read off the rows.
 *
 * `name` is a structure ("H264Settings"), a setting ("Bitrate") or both ("H264Settings.Bitrate"),
 * in either case of its first letter; NULL is everything.
 */
#ifndef JOB_DESCRIBE_H
#define JOB_DESCRIBE_H

#include <stdbool.h>

#include "base/text.h"

struct cJSON;

/* Whether any row answers to the name. */
bool describe_has(const char *name);

/* An array of {structure, name, type, choices, min, max, default, unit, support, doc} and, where
 * a row has them, required, pattern, children, unsupported, avoption, where; the caller's. */
struct cJSON *describe_json(const char *name);

/* For a terminal. */
void describe_text(const char *name, struct text *out);

/* How many structures, settings and values there are, by support. */
void describe_coverage(struct text *out);
struct cJSON *describe_coverage_json(void);

/* docs/settings.md */
void describe_markdown(struct text *out);

#endif
