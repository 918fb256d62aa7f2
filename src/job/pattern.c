/* SPDX-License-Identifier: Apache-2.0 */
#include "job/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

static const struct {
    const char *theirs, *bare, *in_brackets; /* bare: outside of [] */
} words[] = {
    {"(.|\\n)", ".", NULL}, /* a POSIX dot takes a line feed, too */
    {".*?", ".*", NULL},
    {"\\/", "/", "/"},
    {"\\d", "[0-9]", "0-9"},
    {"\\w", "[A-Za-z0-9_]", "A-Za-z0-9_"},
    {"\\s", "[[:space:]]", "[:space:]"},
};

/* What stands at `at` in POSIX's words, and how long it is in theirs; NULL: the same. */
static const char *translated(const char *at, bool in_brackets, size_t *length)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        const char *ours = in_brackets ? words[i].in_brackets : words[i].bare;
        *length = strlen(words[i].theirs);
        if (ours && strncmp(at, words[i].theirs, *length) == 0)
            return ours;
    }
    return NULL;
}

static void compile(regex_t *regex, const char *pattern)
{
    CLEANUP(text_release) struct text posix = {0};
    bool in_brackets = false;
    for (const char *at = pattern; *at;) {
        size_t length = 1;
        const char *ours = translated(at, in_brackets, &length);
        if (ours) {
            text_add(&posix, "%s", ours);
        } else {
            length = *at == '\\' && at[1] ? 2 : 1;
            if (length == 1)
                in_brackets = in_brackets ? *at != ']' : *at == '[';
            text_append(&posix, at, length);
        }
        at += length;
    }
    if (regcomp(regex, posix.data, REG_EXTENDED | REG_NOSUB) != 0)
        abort();
}

bool pattern_matches(struct patterns *patterns, const char *pattern, const char *string)
{
    int i = 0;
    while (i < patterns->count && patterns->items[i].pattern != pattern)
        i++;
    if (i == patterns->count) {
        if (i == PATTERNS_MAX)
            patterns_release(patterns), i = 0;
        compile(&patterns->items[i].regex, pattern);
        patterns->items[i].pattern = pattern;
        patterns->count++;
    }
    return regexec(&patterns->items[i].regex, string, 0, NULL, 0) == 0;
}

void patterns_release(struct patterns *patterns)
{
    for (int i = 0; i < patterns->count; i++)
        regfree(&patterns->items[i].regex);
    patterns->count = 0;
}
