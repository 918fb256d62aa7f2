/* SPDX-License-Identifier: Apache-2.0 */
/* What records with a name have in common: their lists, and tags that go with them. */
#ifndef STATUS_NAMED_H
#define STATUS_NAMED_H

#include "base/text.h"
#include "status/queues.h"
#include "status/store.h"

/* A SELECT of one page, for page_read(): first the key of the record, then `columns`. To be bound:
 * what `from` needs, and *ret_after. `by` goes by the columns name, number and system. */
int named_list_sql(struct text *sql, const char *columns, const char *from, enum list_by by,
                   const struct page *page, struct arena *arena, const char **ret_after,
                   struct error *err) MUST_CHECK;

/* What its tokens call that list. */
const char *named_list(enum list_by by);

/* Tags, a JSON object of strings. `resource` is what its ARN ends in: "queues/NAME". */
int named_tags(struct transaction *t, const char *resource, struct arena *arena, const char **ret,
               struct error *err) MUST_CHECK;
int named_add_tags(struct transaction *t, const char *resource, const char *tags,
                   struct error *err) MUST_CHECK;
int named_forget_tags(struct transaction *t, const char *resource, struct error *err) MUST_CHECK;

#endif
