/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of lists, and their tokens: opaque to clients, the key of the last record to us, so that
 * they stay good while records come and go. */
#ifndef STATUS_PAGE_H
#define STATUS_PAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct page;
struct statement;

/* `list` says which list it is of, and by what it is ordered; another list refuses it. */
const char *page_token(struct arena *arena, const char *list, const char *key);
int page_key(struct arena *arena, const char *list, const char *token, const char **ret,
             struct error *err) MUST_CHECK;

/* The same where the key is a number. */
const char *page_token_number(struct arena *arena, const char *list, int64_t number);
int page_number(struct arena *arena, const char *list, const char *token, int64_t *ret,
                struct error *err) MUST_CHECK;

/* --- lists that a statement finds --- */

/* The key behind which the page begins; "" is before all. */
int page_after(struct arena *arena, const char *list, const struct page *page, const char **ret,
               struct error *err) MUST_CHECK;

typedef void *page_row(struct statement *s, struct arena *arena);

/* The page's rows, each of which begins with its key; read() gets the columns behind that. The last
 * parameter, still to be bound, is the LIMIT. *ret is an array of what read() makes. */
int page_read(struct statement *s, const char *list, const struct page *page, struct arena *arena,
              page_row *read, void ***ret, int *ret_count, const char **ret_next,
              struct error *err) MUST_CHECK;

#endif
