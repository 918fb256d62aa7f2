/* SPDX-License-Identifier: Apache-2.0 */
#include "http/put_xml.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

static const char *const escapes[256] = {
    ['&'] = "&amp;",  ['<'] = "&lt;",   ['>'] = "&gt;",   ['"'] = "&quot;",
    ['\r'] = "&#xD;", ['\n'] = "&#xA;", ['\t'] = "&#x9;",
};

/* U+FFFE and U+FFFF are the only ones beyond ASCII that are valid UTF-8 and not XML. */
static bool is_character(const char *s, size_t length)
{
    unsigned char c = (unsigned char)*s;
    bool last_two = length == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (unsigned char)s[2] >= 0xbe;
    return length && !last_two && (c >= 0x20 || c == '\t' || c == '\n' || c == '\r');
}

static void put_escaped(struct text *out, const char *s)
{
    size_t size = strlen(s), plain = 0;
    for (size_t i = 0, length; i < size; i += length) {
        length = (size_t)json_utf8_length(s + i, size - i);
        const char *instead =
            is_character(s + i, length) ? escapes[(unsigned char)s[i]] : "\xef\xbf\xbd";
        length = length ? length : 1;
        if (!instead)
            continue;
        text_append(out, s + plain, i - plain); // what needed no escape goes in one piece
        text_append(out, instead, strlen(instead));
        plain = i + length;
    }
    text_append(out, s + plain, size - plain);
}

void put_document(struct text *out, const char *name, const char *space)
{
    text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if (space)
        put_start_in(out, name, space);
    else
        put_start(out, name);
}

void put_start(struct text *out, const char *name)
{
    text_add(out, "<%s>", name);
}

void put_start_in(struct text *out, const char *name, const char *space)
{
    text_add(out, "<%s xmlns=\"%s\">", name, space);
}

void put_end(struct text *out, const char *name)
{
    text_add(out, "</%s>", name);
}

void put_element(struct text *out, const char *name, const char *value)
{
    if (!value)
        return;
    put_start(out, name);
    put_escaped(out, value);
    put_end(out, name);
}

void put_element_number(struct text *out, const char *name, int64_t value)
{
    text_add(out, "<%s>%" PRId64 "</%s>", name, value, name);
}

void put_element_time(struct text *out, const char *name, int64_t us)
{
    char time[64];
    if (us)
        text_add(out, "<%s>%sZ</%s>", name, clock_format_ms(us, time), name);
}

void put_element_seconds(struct text *out, const char *name, int64_t us)
{
    char seconds[64];
    if (us)
        put_element(out, name, clock_format(us, "%Y-%m-%dT%H:%M:%SZ", seconds));
}
