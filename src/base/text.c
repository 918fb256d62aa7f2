/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* Makes room for `more` bytes and the NUL after them. */
static void reserve(struct text *text, size_t more)
{
    size_t need = text->size + more + 1;
    if (need <= text->capacity)
        return;

    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    text->data = realloc(text->data, capacity);
    if (!text->data) {
        fputs("out of memory\n", stderr);
        abort();
    }
    text->capacity = capacity;
}

void text_append(struct text *text, const void *bytes, size_t size)
{
    reserve(text, size);
    if (size)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void text_add(struct text *text, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length >= 0) {
        reserve(text, (size_t)length);
        vsnprintf(text->data + text->size, (size_t)length + 1, fmt, again);
        text->size += (size_t)length;
    }
    va_end(again);
}

void text_add_printable(struct text *text, const char *s, size_t size)
{
    for (size_t i = 0, length; i < size; i += length) {
        unsigned char c = (unsigned char)s[i];
        length = (size_t)json_utf8_length(s + i, size - i);
        bool control =
            c < 0x20 || c == 0x7f || (c == 0xc2 && length == 2 && (unsigned char)s[i + 1] < 0xa0);
        if (length && !control)
            text_append(text, s + i, length);
        else
            text_append(text, c == '\t' ? " " : "?", 1);
        length = length ? length : 1;
    }
}

void text_release(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

char *text_bytes(int64_t bytes, char out[32])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        snprintf(out, 32, "%lld byte%s", (long long)bytes, bytes == 1 ? "" : "s");
        return out;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < COUNT(units)) { // 1023.95 would be written as 1024.0
        value /= 1024;
        unit++;
    }
    snprintf(out, 32, "%.1f %s", value, units[unit]);
    return out;
}

char *text_duration(int64_t us, char out[32])
{
    int64_t seconds = us > 0 ? us / 1000000 : 0;
    long long hours = seconds / 3600, minutes = seconds / 60 % 60;
    if (hours)
        snprintf(out, 32, "%lld:%02lld:%02lld", hours, minutes, (long long)seconds % 60);
    else
        snprintf(out, 32, "%lld:%02lld", minutes, (long long)seconds % 60);
    return out;
}

char *text_bitrate(double bits_per_second, char out[32])
{
    if (bits_per_second < 999.5)
        snprintf(out, 32, "%.0f b/s", bits_per_second);
    else if (bits_per_second < 999.5e3)
        snprintf(out, 32, "%.0f kb/s", bits_per_second / 1e3);
    else
        snprintf(out, 32, "%.2f Mb/s", bits_per_second / 1e6);
    return out;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

int text_distance(const char *a, const char *b)
{
    enum { MOST = 64 };
    int rows[3][MOST + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    int length = (int)strnlen(b, MOST + 1);
    if (length > MOST || strnlen(a, MOST + 1) > MOST)
        return INT_MAX;
    for (int j = 0; j <= length; j++)
        row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int *oldest = before;
        before = above, above = row, row = oldest;
        row[0] = i;
        for (int j = 1; j <= length; j++) {
            row[j] = above[j - 1] + !same_letter(a[i - 1], b[j - 1]);
            row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
            bool swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                           same_letter(a[i - 2], b[j - 1]);
            if (swapped)
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[length];
}
