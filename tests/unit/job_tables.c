/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for every row, so that the loops over them can rely on it. Runs in the top
 * folder of the sources, for it looks whether a row's effect is where the row says. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"
#include "job/job.h"
#include "job/pattern.h"

typedef void check_row(const struct structure *structure, const struct setting *s);

static void each_row(check_row *check)
{
    for (const struct structure *const *structure = job_structures; *structure; structure++)
        for (const struct setting *s = (*structure)->rows; s->name; s++)
            check(*structure, s);
}

#define assert_row(condition, ...)                                                                 \
    if (!(condition))                                                                              \
    fail_msg("%s.%s: " #condition, structure->name, s->name)

static void check_names(const struct structure *structure, const struct setting *s)
{
    assert_row(isupper((unsigned char)s->name[0]));
    assert_row(!s[1].name || strcmp(s->name, s[1].name) < 0);
    assert_row(s->doc && *s->doc && s->doc[strlen(s->doc) - 1] != '.');
}

static void test_names(void **state)
{
    (void)state;
    each_row(check_names);
    for (const struct structure *const *structure = job_structures; *structure; structure++)
        for (const struct structure *const *other = job_structures; other < structure; other++)
            assert_string_not_equal((*structure)->name, (*other)->name);
}

static void check_pattern(const struct structure *structure, const struct setting *s)
{
    (void)structure;
    struct patterns patterns = {0};
    if (!s->pattern)
        return;
    pattern_matches(&patterns, s->pattern, ""); /* aborts where it cannot be compiled */
    patterns_release(&patterns);
}

static void test_patterns(void **state)
{
    (void)state;
    each_row(check_pattern);
}

/* The default as a job would write it, checked by the row itself. */
static void check_default(const struct structure *structure, const struct setting *s)
{
    if (!s->default_ || s->default_ == setting_required)
        return;
    if (s->type == TYPE_ENUM) {
        const struct choice *c = s->choices;
        while (c->name && strcmp(c->name, s->default_) != 0)
            c++;
        assert_row(c->name && c->support == EXACT);
    } else if (s->type == TYPE_INT || s->type == TYPE_NUMBER) {
        char *end;
        double value = strtod(s->default_, &end);
        assert_row(!*end && value >= s->min && value <= s->max);
    } else if (s->type == TYPE_OBJECT) {
        assert_string_equal(s->default_, "{}");
        for (const struct setting *child = s->children->rows; child->name; child++)
            assert_row(child->default_ != setting_required);
    } else {
        assert_row(s->type == TYPE_STRING || s->type == TYPE_INTS);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    each_row(check_default);
}

static void check_choices(const struct structure *structure, const struct setting *s)
{
    bool all_refused = true;
    assert_row((s->type == TYPE_ENUM || s->type == TYPE_ENUMS) == (s->choices != NULL));
    for (const struct choice *c = s->choices; c && c->name; c++) {
        all_refused &= c->support == REFUSED;
        assert_row((c->support == EXACT) == (c->why == NULL));
        for (const struct choice *other = s->choices; other < c; other++)
            assert_row(strcmp(other->name, c->name) != 0);
    }
    assert_row(!s->choices || !all_refused);
    assert_row((s->type == TYPE_OBJECT || s->type == TYPE_OBJECTS || s->type == TYPE_OBJECT_MAP) ==
               (s->children != NULL));
}

static void test_choices(void **state)
{
    (void)state;
    each_row(check_choices);
}

static void check_support(const struct structure *structure, const struct setting *s)
{
    bool used = s->where || s->avoption;
    assert_row(!used || s->support <= CLOSE);
}

static void test_support(void **state)
{
    (void)state;
    each_row(check_support);
}

static bool read_source(const char *where, struct text *out)
{
    char path[256], chunk[4096];
    snprintf(path, sizeof(path), "src/%s", where);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    for (size_t got; (got = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        text_append(out, chunk, got);
    fclose(file);
    return true;
}

/* Whether the text has "->Name", ".Name" or these with has_Name. */
static bool mentions(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += length) {
        const char *start = at - text >= 4 && strncmp(at - 4, "has_", 4) == 0 ? at - 4 : at;
        bool begins = start > text && (start[-1] == '.' || start[-1] == '>');
        if (begins && !isalnum((unsigned char)at[length]) && at[length] != '_')
            return true;
    }
    return false;
}

static void check_effect(const struct structure *structure, const struct setting *s)
{
    if (!s->where)
        return;
    CLEANUP(text_release) struct text source = {0};
    if (!read_source(s->where, &source))
        fail_msg("%s.%s: there is no src/%s", structure->name, s->name, s->where);
    if (!mentions(source.data, s->name))
        fail_msg("%s.%s is not used in src/%s", structure->name, s->name, s->where);
}

static void test_effects(void **state)
{
    (void)state;
    each_row(check_effect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),    cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_choices),
        cmocka_unit_test(test_support),  cmocka_unit_test(test_effects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
