/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of pages: opaque to clients, the key of the last record to us, so that they stay good
 * while records come and go. */
#ifndef STATUS_PAGE_H
#define STATUS_PAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* `list` says which list it is of, and by what it is ordered; another list refuses it. */
const char *page_token(struct arena *arena, const char *list, const char *key);
int page_key(struct arena *arena, const char *list, const char *token, const char **ret,
             struct error *err) MUST_CHECK;

/* The same where the key is a number. */
const char *page_token_number(struct arena *arena, const char *list, int64_t number);
int page_number(struct arena *arena, const char *list, const char *token, int64_t *ret,
                struct error *err) MUST_CHECK;

#endif
