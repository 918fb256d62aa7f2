/* SPDX-License-Identifier: Apache-2.0 */
/* CloudWatch's filter patterns for text. */
#include <ctype.h>
#include <string.h>

#include "function/logs.h"

enum { PATTERN_MAX = 1024, TERMS_MAX = 64 };

enum how { MUST, MUST_NOT, MAY };

struct term {
    enum how how;
    const char *text; /* in struct terms */
    size_t size;
};

struct terms {
    char text[PATTERN_MAX];
    struct term all[TERMS_MAX];
    int count;
};

/* One word, or what stands between quotes, its escapes taken off. Returns what is behind it; NULL:
 * a quote is not closed. */
static const char *read_term(const char *at, char **to, struct term *ret)
{
    ret->how = *at == '-' ? MUST_NOT : *at == '?' ? MAY : MUST;
    at += ret->how != MUST;
    ret->text = *to;
    if (*at == '"') {
        for (at++; *at != '"'; at++) {
            at += at[0] == '\\' && (at[1] == '"' || at[1] == '\\');
            if (!*at)
                return NULL;
            *(*to)++ = *at;
        }
        at++;
    } else {
        while (*at && !isspace((unsigned char)*at))
            *(*to)++ = *at++;
    }
    ret->size = (size_t)(*to - ret->text);
    return at;
}

static const char *read_terms(const char *pattern, struct terms *terms)
{
    char *to = terms->text;
    terms->count = 0;
    if (strnlen(pattern, PATTERN_MAX) == PATTERN_MAX)
        return "it is longer than 1023 bytes";
    for (const char *at = pattern; *at;) {
        if (isspace((unsigned char)*at)) {
            at++;
            continue;
        }
        if (terms->count == TERMS_MAX)
            return "it has more than 64 terms";
        if (!terms->count && strchr("{[%", *at))
            return "patterns for JSON, columns and regular expressions are not done here";
        at = read_term(at, &to, &terms->all[terms->count++]);
        if (!at)
            return "a quote is not closed";
    }
    return NULL;
}

int log_pattern_check(const char *pattern, struct error *err)
{
    struct terms terms;
    const char *why = read_terms(pattern, &terms);
    if (why)
        return error_set(err, ERROR_BAD_REQUEST, "invalid filter pattern: %s", why);
    return 0;
}

bool log_pattern_matches(const char *pattern, const char *message, size_t size)
{
    struct terms terms;
    bool must = false, may = false, any = false;
    if (read_terms(pattern, &terms))
        return false;
    for (int i = 0; i < terms.count; i++) {
        const struct term *term = &terms.all[i];
        bool found = memmem(message, size, term->text, term->size) != NULL;
        if (found ? term->how == MUST_NOT : term->how == MUST)
            return false;
        must = must || term->how == MUST;
        may = may || term->how == MAY;
        any = any || (term->how == MAY && found);
    }
    return any || must || !may; // beside words that must be there, others only may
}
