/* SPDX-License-Identifier: Apache-2.0 */
#include "http/put.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* `lower_first`: a name of job.json becomes the wire's. */
static void put_quoted(struct text *out, const char *s, bool lower_first)
{
    size_t size = strlen(s), plain = 0;
    text_append(out, "\"", 1);
    for (size_t i = 0, length; i < size; i += length) {
        unsigned char c = (unsigned char)s[i];
        length = (size_t)json_utf8_length(s + i, size - i);
        bool first = i == 0 && lower_first && isupper(c);
        if (length && c >= 0x20 && c != '"' && c != '\\' && !first)
            continue;
        text_append(out, s + plain, i - plain); // what needed no escape goes in one piece
        if (first)
            text_add(out, "%c", tolower(c));
        else if (!length)
            text_append(out, "?", 1);
        else if (c < 0x20)
            text_add(out, "\\u%04x", c);
        else
            text_add(out, "\\%c", c);
        length = length ? length : 1;
        plain = i + length;
    }
    text_append(out, s + plain, size - plain);
    text_append(out, "\"", 1);
}

static void put_name(struct text *out, const char *name)
{
    if (!name)
        return;
    put_quoted(out, name, false);
    text_append(out, ":", 1);
}

void put_open(struct text *out, const char *name, char bracket)
{
    put_name(out, name);
    text_append(out, &bracket, 1);
}

void put_finish(struct text *out)
{
    if (out->size && out->data[out->size - 1] == ',')
        out->data[--out->size] = '\0';
}

void put_close(struct text *out, char bracket)
{
    put_finish(out);
    text_append(out, &bracket, 1);
    text_append(out, ",", 1);
}

void put_string(struct text *out, const char *name, const char *value)
{
    if (!value)
        return;
    put_name(out, name);
    put_quoted(out, value, false);
    text_append(out, ",", 1);
}

void put_number(struct text *out, const char *name, int64_t value)
{
    put_name(out, name);
    text_add(out, "%" PRId64 ",", value);
}

void put_json(struct text *out, const char *name, const char *json)
{
    if (!json || !*json)
        return;
    put_name(out, name);
    text_append(out, json, strlen(json));
    text_append(out, ",", 1);
}

void put_members(struct text *out, const char *object)
{
    size_t size = object ? strlen(object) : 0;
    if (size <= strlen("{}"))
        return;
    text_append(out, object + 1, size - 2);
    text_append(out, ",", 1);
}

void put_time(struct text *out, const char *name, int64_t us)
{
    if (us)
        put_number(out, name, us / 1000000);
}

const struct setting *put_row(const struct structure *structure, const char *name)
{
    for (const struct setting *s = structure->rows; s->name; s++)
        if (json_same_name(s->name, name))
            return s;
    return NULL;
}

/* The keys of a map are the caller's own words. */
static void put_children(struct text *out, const struct setting *s, const struct json *value)
{
    bool structure = value->type == JSON_OBJECT && s && s->children && s->type != TYPE_OBJECT_MAP;
    struct setting item;
    if (s && (s->type == TYPE_OBJECT_MAP || s->type == TYPE_OBJECTS) && !structure) {
        item = *s;
        item.type = TYPE_OBJECT;
        s = &item;
    }
    for (const struct json *child = value->child; child; child = child->next) {
        if (child->type == JSON_NULL && child->key)
            continue;
        const struct setting *row = structure ? put_row(s->children, child->key) : s;
        if (child->key) {
            put_quoted(out, child->key, row && structure);
            text_append(out, ":", 1);
        }
        put_value(out, NULL, row, child);
    }
}

void put_value(struct text *out, const char *name, const struct setting *s,
               const struct json *value)
{
    static const char *const words[] = {
        [JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"};
    switch (value->type) {
    case JSON_STRING:
        put_string(out, name, value->string);
        return;
    case JSON_NUMBER:
        put_json(out, name, value->string);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        put_open(out, name, value->type == JSON_ARRAY ? '[' : '{');
        put_children(out, s, value);
        put_close(out, value->type == JSON_ARRAY ? ']' : '}');
        return;
    default:
        put_json(out, name, words[value->type]);
    }
}

void put_member(struct text *out, const struct setting *row, const struct json *value)
{
    put_quoted(out, row->name, true);
    text_append(out, ":", 1);
    put_value(out, NULL, row, value);
}
