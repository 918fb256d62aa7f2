/* SPDX-License-Identifier: Apache-2.0 */
#include "job/describe.h"

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "job/job.h"
#include "job/rules.h"

enum { SUPPORTS = REFUSED + 1 };

static const char *type_name(enum setting_type type)
{
    static const char *const names[] = {
        [TYPE_INT] = "INT",
        [TYPE_NUMBER] = "NUMBER",
        [TYPE_STRING] = "STRING",
        [TYPE_ENUM] = "ENUM",
        [TYPE_OBJECT] = "OBJECT",
        [TYPE_INTS] = "INTS",
        [TYPE_NUMBERS] = "NUMBERS",
        [TYPE_STRINGS] = "STRINGS",
        [TYPE_ENUMS] = "ENUMS",
        [TYPE_OBJECTS] = "OBJECTS",
        [TYPE_OBJECT_MAP] = "OBJECT_MAP",
        [TYPE_STRING_MAP] = "STRING_MAP",
    };
    return names[type];
}

/* "H264Settings.Bitrate" answers to itself and to each of its halves. */
static bool answers(const struct structure *structure, const struct setting *s, const char *name)
{
    if (!name || json_same_name(structure->name, name) || json_same_name(s->name, name))
        return true;
    const char *dot = strchr(name, '.');
    size_t length = strlen(structure->name);
    return dot && (size_t)(dot - name) == length &&
           strncmp(name + 1, structure->name + 1, length - 1) == 0 &&
           json_same_name(s->name, dot + 1);
}

/* Calls visit() for every row that answers. */
struct visitor {
    void (*visit)(struct visitor *visitor, const struct structure *structure,
                  const struct setting *s);
    void *to;
    const struct structure *last; /* the structure of the row before */
};

static void visit_rows(struct visitor *visitor, const char *name)
{
    for (const struct structure *const *structure = job_structures; *structure; structure++)
        for (const struct setting *s = (*structure)->rows; s->name; s++)
            if (answers(*structure, s, name)) {
                visitor->visit(visitor, *structure, s);
                visitor->last = *structure;
            }
}

static void count_row(struct visitor *visitor, const struct structure *structure,
                      const struct setting *s)
{
    (void)structure, (void)s;
    ++*(int *)visitor->to;
}

bool describe_has(const char *name)
{
    int count = 0;
    visit_rows(&(struct visitor){count_row, &count, NULL}, name && *name ? name : "?");
    return count > 0;
}

static void add_choices(cJSON *item, const struct choice *choices)
{
    cJSON *names = cJSON_AddArrayToObject(item, "choices"), *unsupported = NULL;
    for (const struct choice *c = choices; c->name; c++) {
        cJSON_AddItemToArray(names, cJSON_CreateString(c->name));
        if (c->support == EXACT)
            continue;
        if (!unsupported)
            unsupported = cJSON_AddObjectToObject(item, "unsupported");
        cJSON *why = cJSON_AddObjectToObject(unsupported, c->name);
        cJSON_AddStringToObject(why, "support", support_names[c->support]);
        cJSON_AddStringToObject(why, "why", c->why);
    }
}

static void add_string(cJSON *item, const char *name, const char *value)
{
    if (value)
        cJSON_AddStringToObject(item, name, value);
}

static void add_default(cJSON *item, const struct setting *s)
{
    if (!s->default_)
        return;
    if (s->default_ == setting_required)
        cJSON_AddTrueToObject(item, "required");
    else if (s->type == TYPE_STRING || s->type == TYPE_ENUM)
        cJSON_AddStringToObject(item, "default", s->default_);
    else
        cJSON_AddItemToObject(item, "default", cJSON_Parse(s->default_));
}

static void add_row(struct visitor *visitor, const struct structure *structure,
                    const struct setting *s)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "structure", structure->name);
    cJSON_AddStringToObject(item, "name", s->name);
    cJSON_AddStringToObject(item, "type", type_name(s->type));
    if (s->choices)
        add_choices(item, s->choices);
    if (s->children)
        cJSON_AddStringToObject(item, "children", s->children->name);
    if (isfinite(s->min))
        cJSON_AddNumberToObject(item, "min", s->min);
    if (isfinite(s->max))
        cJSON_AddNumberToObject(item, "max", s->max);
    add_string(item, "pattern", s->pattern);
    add_default(item, s);
    add_string(item, "unit", s->unit);
    cJSON_AddStringToObject(item, "support", support_names[s->support]);
    add_string(item, "avoption", s->avoption);
    add_string(item, "where", s->where);
    cJSON_AddStringToObject(item, "doc", s->doc);
    cJSON_AddItemToArray(visitor->to, item);
}

struct cJSON *describe_json(const char *name)
{
    cJSON *array = cJSON_CreateArray();
    visit_rows(&(struct visitor){add_row, array, NULL}, name);
    return array;
}

/* "AUTO, LOW, (OFF)": what cannot be had stands in brackets, a list longer than this is cut. */
static void add_values(struct text *out, const struct setting *s)
{
    const int most = 20;
    int i = 0;
    if (s->children) {
        text_add(out, "%s%s",
                 s->type == TYPE_OBJECTS      ? "list of "
                 : s->type == TYPE_OBJECT_MAP ? "map of "
                                              : "",
                 s->children->name);
    } else if (s->choices) {
        for (const struct choice *c = s->choices; c->name && i < most; c++, i++)
            text_add(out, c->support == EXACT ? "%s%s" : "%s(%s)", i ? ", " : "", c->name);
        text_add(out, "%s", s->choices[i].name ? ", …" : "");
    } else if (s->type == TYPE_STRING || s->type == TYPE_STRINGS) {
        text_add(out, "text");
        if (isfinite(s->max))
            text_add(out, " of %.15g to %.15g characters", s->min, s->max);
    } else if (s->type == TYPE_INT || s->type == TYPE_INTS || s->type == TYPE_NUMBER ||
               s->type == TYPE_NUMBERS) {
        text_add(out, "%s", s->type == TYPE_INTS || s->type == TYPE_NUMBERS ? "list of " : "");
        if (isfinite(s->min) && isfinite(s->max))
            text_add(out, "%.15g to %.15g", s->min, s->max);
        else if (isfinite(s->min))
            text_add(out, "%.15g or more", s->min);
        else
            text_add(out, isfinite(s->max) ? "%.15g or less" : "number", s->max);
    } else {
        text_add(out, "map of text");
    }
    if (s->unit)
        text_add(out, " %s", s->unit);
}

static const char *default_text(const struct setting *s)
{
    return s->default_ == setting_required ? "required" : s->default_ ? s->default_ : "";
}

static void print_row(struct visitor *visitor, const struct structure *structure,
                      const struct setting *s)
{
    struct text *out = visitor->to;
    if (visitor->last != structure)
        text_add(out, "%s%s\n", visitor->last ? "\n" : "", structure->name);
    text_add(out, "  %-36s %-8s ", s->name, support_names[s->support]);
    add_values(out, s);
    if (*default_text(s))
        text_add(out, s->default_ == setting_required ? "; required" : "; default %s", s->default_);
    text_add(out, "\n      %s\n", s->doc);
}

void describe_text(const char *name, struct text *out)
{
    visit_rows(&(struct visitor){print_row, out, NULL}, name);
}

struct counts {
    int structures, settings, by_support[SUPPORTS];
    int values, values_by_support[SUPPORTS]; /* of enums, once for each setting that has them */
};

static void count_support(struct visitor *visitor, const struct structure *structure,
                          const struct setting *s)
{
    struct counts *counts = visitor->to;
    counts->structures += visitor->last != structure;
    counts->settings++;
    counts->by_support[s->support]++;
    for (const struct choice *c = s->choices; c && c->name; c++) {
        enum support support = s->support > c->support ? s->support : c->support;
        counts->values++;
        counts->values_by_support[support]++;
    }
}

static struct counts count_all(void)
{
    struct counts counts = {0};
    visit_rows(&(struct visitor){count_support, &counts, NULL}, NULL);
    return counts;
}

/* The line that README.md and docs/settings.md have, too. */
static void add_coverage(struct text *out, const struct counts *c)
{
    text_add(out, "%d settings in %d structures: ", c->settings, c->structures);
    for (int i = 0; i < SUPPORTS; i++)
        text_add(out, "%d %s%s", c->by_support[i], support_names[i], i == REFUSED ? "\n" : ", ");
}

void describe_coverage(struct text *out)
{
    struct counts c = count_all();
    text_add(out, "%-10s %9s %13s\n", "", "settings", "enum values");
    for (int i = 0; i < SUPPORTS; i++)
        text_add(out, "%-10s %9d %13d   %s\n", support_names[i], c.by_support[i],
                 c.values_by_support[i], support_docs[i]);
    text_add(out, "%-10s %9d %13d\n", "together", c.settings, c.values);
    add_coverage(out, &c);
}

struct cJSON *describe_coverage_json(void)
{
    struct counts c = count_all();
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "structures", c.structures);
    cJSON_AddNumberToObject(object, "settings", c.settings);
    cJSON *settings = cJSON_AddObjectToObject(object, "settingsBySupport");
    cJSON *values = cJSON_AddObjectToObject(object, "valuesBySupport");
    for (int i = 0; i < SUPPORTS; i++) {
        cJSON_AddNumberToObject(settings, support_names[i], c.by_support[i]);
        cJSON_AddNumberToObject(values, support_names[i], c.values_by_support[i]);
    }
    return object;
}

static void add_markdown_row(struct visitor *visitor, const struct structure *structure,
                             const struct setting *s)
{
    struct text *out = visitor->to;
    if (visitor->last != structure)
        text_add(out,
                 "\n## %s\n\n| setting | values | default | support | what it does "
                 "|\n|---|---|---|---|---|\n",
                 structure->name);
    text_add(out, "| %s | ", s->name);
    add_values(out, s);
    text_add(out, " | %s | %s | %s", default_text(s), support_names[s->support], s->doc);
    for (const struct choice *c = s->choices; c && c->name; c++) {
        bool first_of_its_why = c->why && (c == s->choices || c[-1].why != c->why);
        if (first_of_its_why)
            text_add(out, ". %s%s %s: %s", c->name, c[1].why == c->why ? " …" : "",
                     c->support == IGNORED ? "is ignored" : "is refused", c->why);
    }
    text_add(out, " |\n");
}

void describe_markdown(struct text *out)
{
    text_add(out, "<!-- Generated by `mediaconvert-local settings --markdown`; change "
                  "src/job/tables instead. -->\n\n"
                  "# Settings\n\n"
                  "What a job may say, and how far each is done. Values in brackets are not.\n\n"
                  "| support | meaning |\n|---|---|\n");
    for (int i = 0; i < SUPPORTS; i++)
        text_add(out, "| %s | %s |\n", support_names[i], support_docs[i]);

    struct counts c = count_all();
    text_add(out, "\n");
    add_coverage(out, &c);
    visit_rows(&(struct visitor){add_markdown_row, out, NULL}, NULL);

    text_add(out, "\n## Rules between settings\n\n| rule | what it says |\n|---|---|\n");
    for (const struct rule *rule = job_rules; rule->name; rule++)
        text_add(out, "| %s | %s |\n", rule->name, rule->doc);
}
