/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/uri.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* isalnum() would ask the locale. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

void uri_encode(struct text *out, const char *s, const char *keep)
{
    for (; *s; s++) {
        if (is_unreserved(*s) || strchr(keep, *s))
            text_append(out, s, 1);
        else
            text_add(out, "%%%02X", (unsigned char)*s);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void uri_decode(char *s)
{
    char *out = s;
    for (; *s; s++) {
        int high = *s == '%' ? hex_digit(s[1]) : -1;
        int low = high < 0 ? -1 : hex_digit(s[2]);
        if (low < 0 || high + low == 0) { // %00 would end the string
            *out++ = *s;
            continue;
        }
        *out++ = (char)(high << 4 | low);
        s += 2;
    }
    *out = '\0';
}

void uri_decode_form(char *s)
{
    for (char *c = s; *c; c++)
        if (*c == '+')
            *c = ' ';
    uri_decode(s);
}

int uri_take_query(struct arena *arena, const char *query, struct field ret[FIELDS_MAX])
{
    int count = 0;
    for (const char *at = query; *at && count < FIELDS_MAX;) {
        size_t length = strcspn(at, "&"), name = strcspn(at, "=&");
        size_t value = name < length ? name + 1 : length;
        char *decoded[] = {arena_strndup(arena, at, name),
                           arena_strndup(arena, at + value, length - value)};
        uri_decode(decoded[0]);
        uri_decode(decoded[1]);
        if (length)
            ret[count++] = (struct field){decoded[0], decoded[1]};
        at += length + (at[length] == '&');
    }
    return count;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct text *)a)->data, ((const struct text *)b)->data);
}

/* '=' sorts behind '-' and '.', so names are compared by themselves. */
static int by_name(const void *a, const void *b)
{
    const struct text *left = a, *right = b;
    size_t l = strcspn(left->data, "="), r = strcspn(right->data, "=");
    int order = memcmp(left->data, right->data, l < r ? l : r);
    if (order || l != r)
        return order ? order : (l > r) - (l < r);
    return by_text(a, b);
}

void uri_add_query(struct text *out, const struct field *fields, int count)
{
    struct text pairs[FIELDS_MAX] = {0};
    if (count > FIELDS_MAX)
        count = FIELDS_MAX;
    for (int i = 0; i < count; i++) {
        uri_encode(&pairs[i], fields[i].name, "");
        text_add(&pairs[i], "=");
        uri_encode(&pairs[i], fields[i].value, "");
    }
    qsort(pairs, (size_t)count, sizeof(pairs[0]), by_name);
    for (int i = 0; i < count; i++) {
        text_add(out, "%s%s", i ? "&" : "", pairs[i].data);
        text_release(&pairs[i]);
    }
}
