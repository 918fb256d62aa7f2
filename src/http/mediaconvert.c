/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations share. */
#include "http/mediaconvert.h"

#include <errno.h>
#include <string.h>

#include "http/put.h"

static int refuse_choice(const char *member, const char *value, const char *const *names, int count,
                         struct error *err)
{
    char all[ERROR_TEXT / 2] = "";
    size_t used = 0;
    for (int i = 0; i < count && used < sizeof(all); i++)
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "", names[i]);
    return error_set(err, ERROR_BAD_REQUEST,
                     "%s: Should be equal to one of the allowed values in [%s], not '%.60s'",
                     member, all, value);
}

int mediaconvert_choice(const char *member, const char *value, const char *const *names, int count,
                        int *ret, struct error *err)
{
    *ret = -1;
    for (int i = 0; value && i < count; i++)
        if (strcmp(names[i], value) == 0)
            *ret = i;
    return value && *ret < 0 ? refuse_choice(member, value, names, count, err) : 0;
}

static int read_max(const char *text, int *ret, struct error *err)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end || errno || number < 1 || number > PAGE_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "maxResults: Should be from 1 to %d, not '%.20s'",
                         PAGE_MAX, text);
    *ret = (int)number;
    return 0;
}

int mediaconvert_page(const struct call *call, const struct json *body, bool descending,
                      struct page *ret, struct error *err)
{
    static const char *const orders[] = {"ASCENDING", "DESCENDING"};
    const char *max = call_query(call, "maxResults"), *order = call_query(call, "order");
    const char *token = call_query(call, "nextToken");
    int chosen;
    if (body) {
        const struct json *number = json_member(body, "MaxResults");
        if (number && number->type != JSON_NUMBER && number->type != JSON_NULL)
            return error_set(err, ERROR_BAD_REQUEST, "maxResults: Should be integer");
        max = number ? number->string : NULL;
        if (call_string(body, "Order", false, &order, err) < 0 ||
            call_string(body, "NextToken", false, &token, err) < 0)
            return -1;
    }
    *ret = (struct page){.max = PAGE_MAX, .token = token && *token ? token : NULL};
    if (mediaconvert_choice("order", order, orders, COUNT(orders), &chosen, err) < 0)
        return -1;
    ret->descending = chosen < 0 ? descending : chosen == 1;
    return max ? read_max(max, &ret->max, err) : 0;
}

const char *mediaconvert_name(const char *text, const char *kind)
{
    const char *part = text;
    if (strncmp(text, "arn:", 4))
        return text;
    for (int colons = 0; colons < 5 && part; colons++)
        part = strchr(part, ':') ? strchr(part, ':') + 1 : NULL;
    size_t length = strlen(kind);
    return part && strncmp(part, kind, length) == 0 && part[length] == '/' ? part + length + 1
                                                                           : text;
}

void mediaconvert_add_name(struct call *call, struct json *request, const char *name)
{
    struct json *member = ARENA_NEW(call->arena, struct json);
    *member =
        (struct json){.type = JSON_STRING, .key = "name", .string = name, .next = request->child};
    request->child = member;
}

int mediaconvert_check_name(const char *name, struct error *err)
{
    enum { NAME_BYTES_MAX = 256 }; // AWS says nothing; it stands in URLs
    if (!*name || strlen(name) > NAME_BYTES_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "name: Should have from 1 to %d bytes",
                         NAME_BYTES_MAX);
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return error_set(err, ERROR_BAD_REQUEST, "name: Should NOT have control characters");
    return 0;
}

const char *mediaconvert_text(struct call *call, const struct setting *s, const struct json *value)
{
    CLEANUP(text_release) struct text out = {0};
    put_value(&out, NULL, s, value);
    put_finish(&out);
    return arena_strdup(call->arena, out.data);
}

int mediaconvert_tags(struct call *call, const struct json *request, const char **ret,
                      struct error *err)
{
    enum { TAGS_MAX = 50, KEY_MAX = 128, VALUE_MAX = 256 };
    const struct json *tags = json_member(request, "Tags");
    int count = 0;
    *ret = NULL;
    if (!tags || tags->type == JSON_NULL)
        return 0;
    if (tags->type != JSON_OBJECT)
        return error_set(err, ERROR_BAD_REQUEST, "tags: Should be object");
    for (const struct json *tag = tags->child; tag; tag = tag->next) {
        if (tag->type != JSON_STRING || !*tag->key || json_utf8_count(tag->key) > KEY_MAX ||
            json_utf8_count(tag->string) > VALUE_MAX)
            return error_set(err, ERROR_BAD_REQUEST,
                             "tags: '%.40s' Should be a key of 1 to %d characters with a string "
                             "of at most %d",
                             tag->key, KEY_MAX, VALUE_MAX);
        if (++count > TAGS_MAX)
            return error_set(err, ERROR_BAD_REQUEST, "tags: Should NOT have more than %d items",
                             TAGS_MAX);
    }
    *ret = mediaconvert_text(call, NULL, tags);
    return 0;
}

int mediaconvert_refuse(struct call *call, const struct findings *findings)
{
    CLEANUP(text_release) struct text message = {0};
    for (int i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        if (f->severity == FINDING_ERROR)
            text_add(&message, "%s%s%s%s", message.size ? " | " : "", f->pointer,
                     *f->pointer ? ": " : "", f->message);
    }
    return call_refuse(call, 400, "%s", message.data);
}

int mediaconvert_value(struct service *service, struct call *call, const char *key,
                       const char **ret, struct error *err)
{
    *ret = NULL;
    if (status_value_get(service->status, key, call->arena, ret, err) == 0)
        return 0;
    return err->kind == ERROR_NOT_FOUND ? 0 : -1;
}
