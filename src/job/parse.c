/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops over the tables: JSON → C structs, each value checked against its row.
 *
 * A structure is read in three steps: every field gets its default, every member of the text is
 * looked up and read over it, then what is required and not there is reported. A value that does
 * not fit leaves the default, so that rules.c can go on and find more.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "job/check.h"
#include "job/pattern.h"

enum {
    LIST_MAX = 1000, /* items of a list, members of a map */
    KEY_MAX = 256,   /* bytes of a key in a map, which stands in the pointer of all below it */
};

struct parser {
    struct arena *arena;
    struct findings *findings;
    struct patterns patterns;
    bool answer;                    /* GetJob's answer, which has members that no request has */
    const struct structure *stored; /* a template's or preset's request: below it, what a job needs
                                     * may come from elsewhere; NULL: nothing may */
    bool quiet; /* inside of what is refused or ignored, which has been said: values are checked,
                 * support is not spoken of again */
};

static void read_structure(struct parser *p, const struct structure *structure,
                           const struct json *object, void *out, const char *pointer);
static void read_value(struct parser *p, const struct setting *s, const struct json *value,
                       void *field, const char *pointer);

#define error_at(p, pointer, value, ...)                                                           \
    findings_add((p)->findings, FINDING_ERROR, (pointer), (value)->at, __VA_ARGS__)

const char *wire_name(struct arena *arena, const char *name)
{
    char *wire = arena_strdup(arena, name);
    wire[0] = (char)tolower((unsigned char)wire[0]);
    return wire;
}

/* Pointers are relative to the settings, wherever those stand: no other member has that name. */
static const char *member_pointer(struct parser *p, const char *parent, const struct setting *s)
{
    if (strcmp(s->name, "Settings") == 0)
        return "";
    size_t length = strlen(parent), name = strlen(s->name);
    char *pointer = arena_alloc(p->arena, length + name + 2); /* for each member: no printf */
    memcpy(pointer, parent, length);
    pointer[length] = '/';
    memcpy(pointer + length + 1, s->name, name);
    pointer[length + 1] = (char)tolower((unsigned char)s->name[0]);
    return pointer;
}

static const char *key_pointer(struct parser *p, const char *parent, const char *key)
{
    char *escaped = arena_alloc(p->arena, strlen(key) * 2 + 1), *out = escaped;
    for (const char *in = key; *in; in++) {
        *out++ = *in == '~' || *in == '/' ? '~' : *in;
        if (*in == '~' || *in == '/')
            *out++ = *in == '~' ? '0' : '1';
    }
    return arena_printf(p->arena, "%s/%s", parent, escaped);
}

/* Checks of one value; each reports what is wrong and returns whether it may be kept. */

static bool check_type(struct parser *p, const struct json *value, enum json_type type,
                       const char *pointer)
{
    static const char *const names[] = {[JSON_NUMBER] = "number",
                                        [JSON_STRING] = "string",
                                        [JSON_ARRAY] = "array",
                                        [JSON_OBJECT] = "object"};
    if (value->type == type)
        return true;
    error_at(p, pointer, value, "Should be %s", names[type]);
    return false;
}

static bool check_range(struct parser *p, const struct setting *s, const struct json *value,
                        const char *pointer)
{
    if (value->number >= s->min && value->number <= s->max)
        return true;
    bool low = value->number < s->min;
    error_at(p, pointer, value, "Should be %s than or equal to %.15g", low ? "greater" : "less",
             low ? s->min : s->max);
    return false;
}

static bool check_integer(struct parser *p, const struct setting *s, const struct json *value,
                          const char *pointer)
{
    const double exact = 9007199254740992; /* 2^53: a double counts one by one up to here */
    if (value->type != JSON_NUMBER || value->number != floor(value->number) ||
        fabs(value->number) > exact) {
        error_at(p, pointer, value, "Should be integer");
        return false;
    }
    return check_range(p, s, value, pointer);
}

static bool has_controls(const char *string, const char *allowed)
{
    for (const char *c = string; *c; c++)
        if (((unsigned char)*c < 0x20 || *c == 0x7f) && !strchr(allowed, *c))
            return true;
    return false;
}

static bool check_key(struct parser *p, const struct json *member, const char *pointer)
{
    if (member->repeated)
        findings_add(p->findings, FINDING_ERROR, pointer, member->key_at, "\"%s\" is given twice",
                     member->key);
    if (!has_controls(member->key, ""))
        return true;
    findings_add(p->findings, FINDING_ERROR, pointer, member->key_at,
                 "Should NOT have control characters");
    return false;
}

static bool check_key_length(struct parser *p, const struct json *member, const char *pointer)
{
    if (strlen(member->key) <= KEY_MAX)
        return true;
    findings_add(p->findings, FINDING_ERROR, pointer, member->key_at,
                 "Should NOT have keys longer than %d characters", KEY_MAX);
    return false;
}

/* Names and paths are one line; only XML, whose pattern speaks of line feeds, may have several. */
static bool check_printable(struct parser *p, const struct setting *s, const struct json *value,
                            const char *pointer)
{
    bool lines = s->pattern && strstr(s->pattern, "\\n");
    if (!has_controls(value->string, lines ? "\t\n\r" : ""))
        return true;
    error_at(p, pointer, value, "Should NOT have control characters");
    return false;
}

static bool check_length(struct parser *p, const struct setting *s, const struct json *value,
                         const char *pointer)
{
    int length = json_utf8_count(value->string);
    if (length >= s->min && length <= s->max)
        return true;
    bool low = length < s->min;
    error_at(p, pointer, value, "Should NOT be %s than %.15g characters",
             low ? "shorter" : "longer", low ? s->min : s->max);
    return false;
}

static bool check_pattern(struct parser *p, const struct setting *s, const struct json *value,
                          const char *pointer)
{
    if (!s->pattern || pattern_matches(&p->patterns, s->pattern, value->string))
        return true;
    error_at(p, pointer, value, "Should match the pattern: /%s/", s->pattern);
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* ["CBR","QVBR","VBR"], in the alphabet's order as the service has it. */
static const char *allowed_values(struct parser *p, const struct choice *choices)
{
    size_t count = 0;
    while (choices[count].name)
        count++;
    const char **names = ARENA_ARRAY(p->arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        names[i] = choices[i].name;
    qsort(names, count, sizeof(*names), by_name);

    struct text list = {0};
    for (size_t i = 0; i < count; i++)
        text_add(&list, "%s\"%s\"", i ? "," : "[", names[i]);
    text_add(&list, "]");
    const char *copy = arena_strdup(p->arena, list.data);
    text_release(&list);
    return copy;
}

/* A name that is nearer to `word` than *best becomes the nearest. */
static void nearer(const char *word, const char *name, int *best, const char **nearest)
{
    int distance = text_distance(word, name);
    if (distance < *best) {
        *best = distance;
        *nearest = name;
    }
}

static int farthest(const char *word)
{
    return (int)strlen(word) / 3 + 2; /* from there on it is another word */
}

static const char *nearest_choice(const struct choice *choices, const char *word)
{
    const char *nearest = NULL;
    int best = farthest(word);
    for (const struct choice *c = choices; c->name; c++)
        nearer(word, c->name, &best, &nearest);
    return nearest;
}

static const char *nearest_member(const struct structure *structure, const char *key)
{
    const char *nearest = NULL;
    int best = farthest(key);
    for (const struct setting *s = structure->rows; s->name; s++)
        nearer(key, s->name, &best, &nearest);
    return nearest;
}

static const char *string_of(const struct json *value)
{
    return value->type == JSON_STRING ? value->string : NULL;
}

static int choice_index(const struct choice *choices, const char *name)
{
    for (int i = 0; name && choices[i].name; i++)
        if (strcmp(choices[i].name, name) == 0)
            return i;
    return -1;
}

/* The value of the enum, or -1 with the reason reported. */
static int check_choice(struct parser *p, const struct setting *s, const struct json *value,
                        const char *pointer)
{
    int index = choice_index(s->choices, string_of(value));
    if (index < 0) {
        if (!findings_full(p->findings))
            error_at(p, pointer, value, "Should be equal to one of the allowed values in %s",
                     allowed_values(p, s->choices));
        if (value->type == JSON_STRING)
            findings_suggest(p->findings, nearest_choice(s->choices, value->string));
        return -1;
    }
    const struct choice *choice = &s->choices[index];
    if (!p->quiet && choice->support != EXACT)
        findings_add_support(p->findings, choice->support, pointer, value->at, choice->name,
                             choice->why);
    return index;
}

static int count_children(const struct json *parent)
{
    int count = 0;
    for (const struct json *child = parent->child; child; child = child->next)
        count++;
    return count;
}

/* Items of an array, members of an object; -1 if it is not one or has too many. */
static int check_count(struct parser *p, const struct json *value, enum json_type type,
                       const char *pointer)
{
    if (!check_type(p, value, type, pointer))
        return -1;
    int count = count_children(value);
    if (count <= LIST_MAX)
        return count;
    error_at(p, pointer, value, "Should have at most %d items", LIST_MAX);
    return -1;
}

/* Readers, one for each shape of a field. */

static void read_object(struct parser *p, const struct setting *s, const struct json *value,
                        void *field, const char *pointer)
{
    if (!check_type(p, value, JSON_OBJECT, pointer))
        return;
    void *object = arena_alloc(p->arena, s->children->size);
    read_structure(p, s->children, value, object, pointer);
    *(void **)field = object;
}

/* INTS and ENUMS: both keep integers. */
static void read_integers(struct parser *p, const struct setting *s, const struct json *value,
                          struct int_list *list, const char *pointer)
{
    int count = check_count(p, value, JSON_ARRAY, pointer), i = 0;
    if (count < 0)
        return;
    *list = (struct int_list){.items = ARENA_ARRAY(p->arena, int64_t, count)};
    for (const struct json *item = value->child; item; item = item->next, i++) {
        const char *at = arena_printf(p->arena, "%s/%d", pointer, i);
        int index = s->type == TYPE_ENUMS ? check_choice(p, s, item, at) : -1;
        if (index >= 0)
            list->items[list->count++] = index;
        else if (s->type == TYPE_INTS && check_integer(p, s, item, at))
            list->items[list->count++] = (int64_t)item->number;
    }
}

static void read_numbers(struct parser *p, const struct setting *s, const struct json *value,
                         struct number_list *list, const char *pointer)
{
    int count = check_count(p, value, JSON_ARRAY, pointer), i = 0;
    if (count < 0)
        return;
    *list = (struct number_list){.items = ARENA_ARRAY(p->arena, double, count)};
    for (const struct json *item = value->child; item; item = item->next, i++) {
        const char *at = arena_printf(p->arena, "%s/%d", pointer, i);
        if (check_type(p, item, JSON_NUMBER, at) && check_range(p, s, item, at))
            list->items[list->count++] = item->number;
    }
}

static void read_strings(struct parser *p, const struct setting *s, const struct json *value,
                         struct string_list *list, const char *pointer)
{
    int count = check_count(p, value, JSON_ARRAY, pointer), i = 0;
    if (count < 0)
        return;
    *list = (struct string_list){.items = ARENA_ARRAY(p->arena, const char *, count)};
    for (const struct json *item = value->child; item; item = item->next, i++)
        read_value(p,
                   &(struct setting){
                       .type = TYPE_STRING, .min = s->min, .max = s->max, .pattern = s->pattern},
                   item, &list->items[list->count++], arena_printf(p->arena, "%s/%d", pointer, i));
}

/* OBJECTS and OBJECT_MAP: a list that ends with NULL; in a map each knows its key. */
static void read_objects(struct parser *p, const struct setting *s, const struct json *value,
                         void ***field, const char *pointer)
{
    bool map = s->type == TYPE_OBJECT_MAP;
    int count = check_count(p, value, map ? JSON_OBJECT : JSON_ARRAY, pointer), i = 0;
    if (count < 0)
        return;
    void **objects = ARENA_ARRAY(p->arena, void *, count + 1);
    int kept = 0;
    for (const struct json *item = value->child; item; item = item->next, i++) {
        if (map && !check_key_length(p, item, pointer))
            continue;
        const char *at =
            map ? key_pointer(p, pointer, item->key) : arena_printf(p->arena, "%s/%d", pointer, i);
        if (map)
            check_key(p, item, at);
        read_object(p, s, item, &objects[kept], at);
        if (objects[kept])
            ((struct place *)objects[kept++])->name = item->key;
    }
    *field = objects;
}

static void read_string_map(struct parser *p, const struct json *value, struct string_map *map,
                            const char *pointer)
{
    int count = check_count(p, value, JSON_OBJECT, pointer);
    if (count < 0)
        return;
    *map = (struct string_map){.keys = ARENA_ARRAY(p->arena, const char *, count),
                               .values = ARENA_ARRAY(p->arena, const char *, count)};
    for (const struct json *item = value->child; item; item = item->next) {
        const char *at = key_pointer(p, pointer, item->key);
        if (!check_key(p, item, at) || !check_type(p, item, JSON_STRING, at))
            continue;
        map->keys[map->count] = item->key;
        map->values[map->count++] = item->string;
    }
}

static void read_value(struct parser *p, const struct setting *s, const struct json *value,
                       void *field, const char *pointer)
{
    int index;
    switch (s->type) {
    case TYPE_INT:
        if (check_integer(p, s, value, pointer))
            *(int64_t *)field = (int64_t)value->number;
        break;
    case TYPE_NUMBER:
        if (check_type(p, value, JSON_NUMBER, pointer) && check_range(p, s, value, pointer))
            *(double *)field = value->number;
        break;
    case TYPE_STRING:
        if (check_type(p, value, JSON_STRING, pointer) && check_printable(p, s, value, pointer) &&
            check_length(p, s, value, pointer) && check_pattern(p, s, value, pointer))
            *(const char **)field = value->string;
        break;
    case TYPE_ENUM:
        if ((index = check_choice(p, s, value, pointer)) >= 0)
            *(unsigned *)field = (unsigned)index; /* what an enum without negative values is */
        break;
    case TYPE_OBJECT:
        read_object(p, s, value, field, pointer);
        break;
    case TYPE_INTS:
    case TYPE_ENUMS:
        read_integers(p, s, value, field, pointer);
        break;
    case TYPE_NUMBERS:
        read_numbers(p, s, value, field, pointer);
        break;
    case TYPE_STRINGS:
        read_strings(p, s, value, field, pointer);
        break;
    case TYPE_OBJECTS:
    case TYPE_OBJECT_MAP:
        read_objects(p, s, value, field, pointer);
        break;
    case TYPE_STRING_MAP:
        read_string_map(p, value, field, pointer);
        break;
    }
}

/* Members: what surrounds a value. */

static bool is_default(const struct setting *s, const struct json *value)
{
    if (!s->default_)
        return false;
    if (value->type == JSON_NUMBER)
        return value->number == strtod(s->default_, NULL);
    return value->type == JSON_STRING && strcmp(value->string, s->default_) == 0;
}

/* Whether a REFUSED or IGNORED member can stand: [] and an empty map ask for nothing. */
static bool asks_for_nothing(const struct setting *s, const struct json *value)
{
    bool many = s->type == TYPE_OBJECT_MAP || value->type == JSON_ARRAY;
    return is_default(s, value) || (many && !value->child);
}

/* An IGNORED member whose value asks for what is not done, unless its choice has said so already.
 */
static void warn_if_ignored(struct parser *p, const struct setting *s, const struct json *value,
                            int choice, const char *pointer)
{
    if (p->quiet || s->support != IGNORED || asks_for_nothing(s, value))
        return;
    if (s->type == TYPE_ENUM && (choice < 0 || s->choices[choice].support != EXACT))
        return;
    findings_add_support(p->findings, IGNORED, pointer, value->at, s->name, s->doc);
}

static void read_member(struct parser *p, const struct setting *s, const struct json *value,
                        char *out, const char *pointer)
{
    bool dropped = s->support >= IGNORED && !asks_for_nothing(s, value), outer = p->quiet;
    if (dropped && s->support == REFUSED && !outer)
        findings_add_support(p->findings, REFUSED, pointer, value->at, s->name, s->doc);
    int errors = p->findings->errors;
    p->quiet |= dropped && (s->children || s->support == REFUSED);
    read_value(p, s, value, out + s->offset, pointer);
    p->quiet = outer;
    int choice = s->type == TYPE_ENUM ? choice_index(s->choices, string_of(value)) : 0;
    bool list_dropped = s->type == TYPE_OBJECTS && value->child && !**(void ***)(out + s->offset);
    if (choice < 0 || list_dropped)
        ((struct place *)out)->broken = true;
    if (p->findings->errors == errors)
        warn_if_ignored(p, s, value, choice, pointer);
}

static void report_unknown(struct parser *p, const struct structure *structure,
                           const struct json *member, const char *pointer)
{
    if (findings_full(p->findings))
        return;
    findings_add(p->findings, FINDING_ERROR, key_pointer(p, pointer, member->key), member->key_at,
                 "\"%.100s\" is not a member of %s", member->key, structure->name);
    findings_suggest(p->findings, nearest_member(structure, member->key));
}

static const struct setting *find_row(const struct structure *structure, const char *key)
{
    for (const struct setting *s = structure->rows; s->name; s++)
        if (json_same_name(s->name, key))
            return s;
    return NULL;
}

/* What a job has in GetJob's answer beside what was sent to CreateJob. */
static bool is_answers_own(const char *key)
{
    static const char *const names[] = {
        "AccelerationStatus",
        "Arn",
        "CreatedAt",
        "CurrentPhase",
        "ErrorCode",
        "ElementalInferenceConfiguration",
        "ErrorMessage",
        "Id",
        "JobEngineVersionRequested",
        "JobPercentComplete",
        "Messages",
        "JobEngineVersionUsed",
        "LastShareDetails",
        "RetryCount",
        "OutputGroupDetails",
        "QueueTransitions",
        "ShareStatus",
        "Status",
        "Timing",
        "Warnings",
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (json_same_name(names[i], key))
            return true;
    return false;
}

static bool *has_field(const struct setting *s, char *out)
{
    return (bool *)(out + s->has_offset);
}

static void read_members(struct parser *p, const struct structure *structure,
                         const struct json *object, char *out, const char *pointer)
{
    bool answer = p->answer && structure == &create_job_request_structure;
    for (const struct json *member = object->child; member; member = member->next) {
        const struct setting *s = find_row(structure, member->key);
        if (!s && !(answer && is_answers_own(member->key)))
            report_unknown(p, structure, member, pointer);
        if (!s)
            continue;
        if (answer && s->support == REFUSED) /* its effect is in the answer's settings already */
            continue;
        const char *at = member_pointer(p, pointer, s);
        if (member->repeated || *has_field(s, out))
            findings_add(p->findings, FINDING_ERROR, at, member->key_at, "\"%s\" is given twice",
                         member->key);
        if (member->type == JSON_NULL) /* is the same as not there */
            continue;
        *has_field(s, out) = true;
        read_member(p, s, member, out, at);
    }
}

static const struct json *default_json(struct parser *p, const struct setting *s)
{
    struct json *parsed;
    struct error err;
    size_t at;
    if (json_parse(p->arena, s->default_, strlen(s->default_), &parsed, &at, &err) < 0)
        abort(); /* the unit test of the tables has read every default */
    return parsed;
}

/* Most of a job is defaults: they are set without a detour through JSON where they can be. */
static void set_default(struct parser *p, const struct setting *s, char *out, const char *pointer)
{
    if (s->type == TYPE_OBJECTS || s->type == TYPE_OBJECT_MAP)
        *(void ***)(out + s->offset) = ARENA_NEW(p->arena, void *);
    if (!s->default_ || s->default_ == setting_required)
        return;

    void *field = out + s->offset;
    switch (s->type) {
    case TYPE_INT:
        *(int64_t *)field = strtoll(s->default_, NULL, 10);
        break;
    case TYPE_NUMBER:
        *(double *)field = strtod(s->default_, NULL);
        break;
    case TYPE_STRING:
        *(const char **)field = s->default_;
        break;
    case TYPE_ENUM:
        *(unsigned *)field = (unsigned)choice_index(s->choices, s->default_);
        break;
    default: /* {} or a list of numbers */
        read_value(p, s, default_json(p, s), field, member_pointer(p, pointer, s));
    }
}

static void read_structure(struct parser *p, const struct structure *structure,
                           const struct json *object, void *out, const char *pointer)
{
    ((struct place *)out)->pointer = pointer;
    for (const struct setting *s = structure->rows; s->name; s++)
        set_default(p, s, out, pointer);
    read_members(p, structure, object, out, pointer);
    bool whole = !p->stored || structure == p->stored;
    for (const struct setting *s = structure->rows; s->name; s++)
        if (whole && s->default_ == setting_required && !*has_field(s, out))
            error_at(p, pointer, object, "%s is a required property", wire_name(p->arena, s->name));
}

struct json *job_read(struct arena *arena, const char *text, size_t size, struct findings *findings)
{
    struct json *root;
    struct error err;
    size_t at;
    if (json_parse(arena, text, size, &root, &at, &err) == 0)
        return root;
    findings_add(findings, FINDING_ERROR, "", at, "%s", err.frame[0]);
    return NULL;
}

struct job *job_new(struct arena *arena, const struct json *root, enum job_flags flags,
                    struct findings *findings)
{
    struct form form = job_form((struct json *)root); /* looked at, not changed */
    struct parser p = {.arena = arena, .findings = findings, .answer = form.kind == FORM_ANSWER};
    struct create_job_request *request = ARENA_NEW(arena, struct create_job_request);
    struct json bare = {.type = JSON_OBJECT, .at = root->at};
    struct json wrapped = *form.settings;
    if (form.kind == FORM_SETTINGS) {
        wrapped.key = "Settings";
        wrapped.next = NULL;
        bare.child = &wrapped;
    }
    read_structure(&p, &create_job_request_structure, form.request ? form.request : &bare, request,
                   "");
    patterns_release(&p.patterns);
    if (form.request)
        rules_check_request(arena, &create_job_request_structure, request, form.request, findings);
    if (request->Settings)
        rules_check(arena, request->Settings, form.settings, flags, findings);
    findings_sort(findings);
    if (findings->errors)
        return NULL;

    struct job *job = ARENA_NEW(arena, struct job);
    *job = (struct job){.Request = request, .Settings = request->Settings};
    return job;
}

void job_check_stored(struct arena *arena, const struct structure *request, const struct json *root,
                      struct findings *findings)
{
    struct parser p = {.arena = arena,
                       .findings = findings,
                       .stored = request == &create_queue_request_structure ? NULL : request};
    void *stored = arena_alloc(arena, request->size);
    read_structure(&p, request, root, stored, "");
    patterns_release(&p.patterns);
    rules_check_request(arena, request, stored, root, findings);
    findings_sort(findings);
}
