/* SPDX-License-Identifier: Apache-2.0 */
/* What is stored under a name and given back: job templates, presets; tags; the policy. */
#ifndef STATUS_STORED_H
#define STATUS_STORED_H

#include "status/queues.h"

enum stored_kind { STORED_JOB_TEMPLATE, STORED_PRESET };

struct stored_record {
    const char *name, *category; /* category: "" for none */
    const char *request;         /* JSON object: all that Create… was sent but name and tags */
    int64_t created_us, updated_us;
};

int status_stored_create(struct status *status, enum stored_kind kind,
                         const struct stored_record *record, struct arena *arena,
                         struct stored_record **ret, struct error *err) MUST_CHECK;
int status_stored_get(struct status *status, enum stored_kind kind, const char *name,
                      struct arena *arena, struct stored_record **ret,
                      struct error *err) MUST_CHECK;
/* A category or request of NULL stays as it is. */
int status_stored_update(struct status *status, enum stored_kind kind,
                         const struct stored_record *record, struct arena *arena,
                         struct stored_record **ret, struct error *err) MUST_CHECK;
int status_stored_delete(struct status *status, enum stored_kind kind, const char *name,
                         struct error *err) MUST_CHECK;
int status_stored_list(struct status *status, enum stored_kind kind, const char *category,
                       enum list_by by, const struct page *page, struct arena *arena,
                       struct stored_record ***ret, int *ret_count, const char **ret_next,
                       struct error *err) MUST_CHECK;

/* Tags of what an ARN names: a queue, job template, preset or job. ERROR_NOT_FOUND: it is not
 * there. `tags` is a JSON object of strings, `keys` ends with NULL. */
int status_tags_get(struct status *status, const char *arn, struct arena *arena, const char **ret,
                    struct error *err) MUST_CHECK;
int status_tags_add(struct status *status, const char *arn, const char *tags,
                    struct error *err) MUST_CHECK;
int status_tags_remove(struct status *status, const char *arn, const char *const *keys,
                       struct error *err) MUST_CHECK;

/* Small values of their own: "policy", "certificate:ARN", "query:ID", "share:JOB". */
int status_value_get(struct status *status, const char *key, struct arena *arena, const char **ret,
                     struct error *err) MUST_CHECK;
int status_value_set(struct status *status, const char *key, const char *value,
                     struct error *err) MUST_CHECK;
int status_value_delete(struct status *status, const char *key, struct error *err) MUST_CHECK;

#endif
